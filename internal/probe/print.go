package probe

import (
	"strconv"
	"strings"
	"unicode"
)

// shown is how many bytes of an answer's body or a command's output are shown.
const shown = 200

// logLine is how many bytes of a log line are shown.
const logLine = 400

// printable is text that a container made, safe for one line of a terminal:
// control and invalid characters escaped as Go writes them, cut after limit
// bytes.
func printable(text string, limit int) string {
	text = strings.TrimSpace(text)
	cut := len(text) > limit
	if cut {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	if cut {
		b.WriteString(" …")
	}
	return b.String()
}
