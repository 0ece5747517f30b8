package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bytes that RFC 3986 wants escaped, and that clients send raw all the same.
// docs/adopting.md tells of one difference: where a path without any escape
// reaches a location that takes its prefix off, the backend gets them escaped.
// nginx escapes what a rewrite made (ngx_http_proxy_create_request, where
// r->internal is set), and passes what it only cuts as it came.

// stripping are the prefixes whose location takes them off.
var stripping = []string{"/api/", "/noslash", "/deep/", "/same/", "/first/", "/allowed/", "/asked/", "/raw/", "/default/", "/told/", "/stream/", "/condition/", "/outer/inner/", "/cookies/", "/errors/"}

// rawTails have no escapes; of what is behind the ?, nothing is ever changed.
var rawTails = []string{"a|b", `"q"`, "<c>/d", "{e}", "f^g`h", `i\j`, "ü/€", "k|l?m|n=ü", "//o//|", "p/x/../|", "[x]'y'"}

// rawBytes are requests with such bytes: plain ones, some beside an escape,
// which has nginx escape all with or without a rewrite, and over TLS.
func rawBytes() []question {
	var list []question
	for _, prefix := range prefixes {
		for _, tail := range rawTails {
			list = append(list, question{text: get(prefix + tail), encoded: slices.Contains(stripping, prefix)})
		}
		list = append(list, question{text: get(prefix + `a|"<ü%20b`)}, question{text: get(prefix + "x?|%20ü"), encoded: slices.Contains(stripping, prefix)})
	}
	for _, path := range []string{"/a|b", "/uri/ü|?|", "/old/a|b", "/old/ü%20"} {
		list = append(list, question{secure: true, text: get(path)})
	}
	return append(list, question{secure: true, text: get("/api/a|ü?|"), encoded: true})
}

var (
	lineSeen = regexp.MustCompile(`(?m)^GET ([^ ?]*)(\S*) HTTP/1\.[01]\r$`)
	length   = regexp.MustCompile(`Content-Length: (\d+)`)
)

// encoded is an answer as it is where the backend got the path escaped: its
// request line is in the answer.
func encoded(answer string) string {
	longer := 0
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	body = lineSeen.ReplaceAllStringFunc(body, func(line string) string {
		path := lineSeen.FindStringSubmatch(line)[1]
		var escaped strings.Builder
		for _, b := range []byte(path) {
			if b >= 0x80 || strings.ContainsRune("\"<>\\^`{|}", rune(b)) {
				fmt.Fprintf(&escaped, "%%%02X", b)
				longer += 2
				continue
			}
			escaped.WriteByte(b)
		}
		return strings.Replace(line, path, escaped.String(), 1)
	})
	head = length.ReplaceAllStringFunc(head, func(text string) string {
		n, _ := strconv.Atoi(length.FindStringSubmatch(text)[1])
		return fmt.Sprintf("Content-Length: %d", n+longer)
	})
	return head + "\r\n\r\n" + body
}
