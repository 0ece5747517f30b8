package e2e

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// question is one request, as bytes; TOKEN becomes what no phase had before.
type question struct {
	secure  bool
	text    string
	encoded bool // the known exception: see rawBytes
}

// prefixes are the differing locations' paths.
var prefixes = []string{
	"/", "/api/", "/own/", "/noslash", "/deep/", "/same/", "/first/", "/allowed/", "/asked/", "/raw/", "/default/", "/told/", "/named/", "/stream/",
	"/rewritten/", "/condition/", "/outer/", "/outer/inner/", "/cookies/", "/try/", "/errors/", "/small/",
}

// tails are what a client may put behind each.
var tails = []string{
	"", "x", "x/../y", "a%2Fb/c", "//d///e", "./f/.", "g%20h?q=1&r=%2F", "%E2%82%AC", "move-host", "move-path", "move-deep", "lost", "cookie?x", "i;j=k,l:m@n!o*", "?", "%25%3F%23",
}

func get(path string, headers ...string) string { return raw("GET", path, "", headers...) }

func raw(method, path, body string, headers ...string) string {
	all := append([]string{"Host: differ.example", "Connection: close", "User-Agent: differ"}, headers...)
	if body != "" && !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Transfer-Encoding") }) {
		all = append(all, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	return method + " " + path + " HTTP/1.1\r\n" + strings.Join(all, "\r\n") + "\r\n\r\n" + body
}

// questions are all that is asked in each phase, in an order that stays.
func questions() []question {
	var list []question
	add := func(text string) { list = append(list, question{text: text}) }
	for _, prefix := range prefixes {
		for _, tail := range tails {
			add(get(prefix + tail))
		}
	}
	for _, path := range []string{"/api", "/apix", "/apix/y", "/deep", "/first", "/exact", "/exact/", "/exactly", "/exact?a=b", "/same", "/re/a/b.php", "/re/a%2Fb.php?c=d",
		"/re/x.txt", "/pic.JPG", "/pic.png?w=1", "/a%20b+(c)/d", "/a%20b+(c)/", "/a%20b+(c)", "/ask", "/bar", "/barred/x", "/denied/x", "/here", "/files/page.html", "/files/none", "/errors/broken",
		"/errors/lost?x=1", "/404.html", "/api/../own/x", "/api/%2e%2e/own/x", "/api/..%2fown", "/%61pi/x", "/API/x", "/api/%0A", "/api/a%0Ab", "/condition/x?set=1"} {
		add(get(path))
	}
	const user = "Authorization: Basic bWU6b3Blbg==" // me:open
	for _, prefix := range []string{"/secret/", "/either/"} {
		for _, headers := range [][]string{nil, {user}, {"Authorization: Basic bWU6d3Jvbmc="}} {
			add(get(prefix+"a%2Fb/../c?d", headers...))
		}
	}
	for range 5 {
		add(get("/limited/x?who=TOKEN"))
	}
	for _, method := range []string{"HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "POST"} {
		for _, path := range []string{"/", "/api/x", "/condition/x", "/secret/x", "/stream/y"} {
			add(raw(method, path, ""))
		}
	}
	bodies(add)
	odd(add)
	list = append(list, rawBytes()...)
	for _, path := range []string{"/", "/x%2Fy?z", "/uri/a%2Fb?c=d&e", "/uri/", "/api/a/../b", "/old/x?y=1", "/?gone=1", "/api/move-host", "/move-host", "/uri//x", "/old/%20"} {
		list = append(list, question{secure: true, text: get(path)})
	}
	return list
}

// bodies are requests with content.
func bodies(add func(string)) {
	chunked := "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"
	for _, path := range []string{"/", "/api/x", "/small/x", "/secret/x", "/stream/x", "/rewritten/x", "/limited/y?who=", "/outer/inner/z", "/exact", "/asked/x"} {
		add(raw("POST", path, "name=value", "Content-Type: application/x-www-form-urlencoded"))
		add(raw("POST", path, strings.Repeat("0123456789", 300), "Content-Type: text/plain"))
		add(raw("POST", path, chunked, "Transfer-Encoding: chunked"))
	}
}

// odd are requests with unusual headers.
func odd(add func(string)) {
	for _, path := range []string{"/", "/api/x", "/own/x", "/deep/y"} {
		add(get(path, "X-Long: "+strings.Repeat("l", 3000)))
		add(get(path, "Cookie: a=1; b=2", "Cookie: c=3"))
		add(get(path, "X-Forwarded-For: 10.0.0.1", "X_Under: 1", "Accept-Encoding: gzip"))
		add(get(path, "Range: bytes=0-3", "If-None-Match: \"x\""))
		add(strings.Replace(get(path), "HTTP/1.1", "HTTP/1.0", 1))
		add(strings.Replace(get(path), "GET "+path, "GET http://differ.example"+path, 1))
		add(strings.Replace(get(path), "differ.example", "other.example:81", 1))
	}
	for _, path := range []string{"/ws/a?b", "/api/ws", "/"} {
		add(strings.Replace(get(path, "Upgrade: echo", "Sec-WebSocket-Key: x"), "Connection: close", "Connection: upgrade, close", 1) + "hello")
	}
}

// answers asks everything of both servers and returns what came back, without
// what is never the same twice.
func (h *host) answers(secure int, token string) []string {
	var list []string
	for _, q := range questions() {
		text := strings.ReplaceAll(q.text, "TOKEN", token)
		port := h.app.port
		if q.secure {
			port = secure
		}
		said := exchange(h.t, port, q.secure, text)
		list = append(list, strings.ReplaceAll(said, token, "TOKEN"))
	}
	return append(list, h.overHTTP2(secure)...)
}

var date = regexp.MustCompile(`(?mi)^(date|expires|etag|last-modified): .*\r\n`)

func exchange(t *testing.T, port int, secure bool, text string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: "differ.example"}) //nolint:gosec // the test's own certificate
	}
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		return "write: " + err.Error()
	}
	got, err := io.ReadAll(bufio.NewReader(c))
	if err != nil && len(got) == 0 {
		return "read: " + err.Error()
	}
	return date.ReplaceAllString(string(got), "")
}

// overHTTP2 asks the TLS server in HTTP/2.
func (h *host) overHTTP2(port int) []string {
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "differ.example"}} //nolint:gosec // the test's own certificate
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var list []string
	for _, path := range []string{"/", "/a%2Fb?c=d", "/api/x/../y", "/api/move-host", "/move-deep", "/uri/z?q", "/old/p", "/?gone=1", "/api/cookie"} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			list = append(list, h.twoAsk(c, method, fmt.Sprintf("https://127.0.0.1:%d%s", port, path)))
		}
	}
	return list
}

func (h *host) twoAsk(c *http.Client, method, url string) string {
	req, err := http.NewRequest(method, url, strings.NewReader(strings.Repeat("body", 30*len(method)-90)))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Host = "differ.example"
	res, err := c.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	var headers []string
	for name, values := range res.Header {
		if name != "Date" {
			headers = append(headers, name+": "+strings.Join(values, " | "))
		}
	}
	slices.Sort(headers)
	return fmt.Sprintf("%s %s\n%s\n\n%s", res.Proto, res.Status, strings.Join(headers, "\n"), body)
}
