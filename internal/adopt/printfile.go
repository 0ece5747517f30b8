package adopt

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// file is lines with comments beside them, in one column where they fit.
type file struct{ lines [][2]string }

// line adds a line. What it is made of was quoted; a comment can't end itself.
func (f *file) line(text, comment string) {
	f.lines = append(f.lines, [2]string{text, clean(comment)})
}

const commentColumn = 34

func (f *file) String() string {
	var b strings.Builder
	for _, l := range f.lines {
		if l[1] == "" {
			b.WriteString(l[0] + "\n")
			continue
		}
		fmt.Fprintf(&b, "%-*s  # %s\n", commentColumn, l[0], l[1])
	}
	return b.String()
}

// clean takes what could end a comment or drive a terminal out of text.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

var plainForm = regexp.MustCompile(`^[a-zA-Z/][a-zA-Z0-9_./-]*$`)

// words that YAML 1.1 or 1.2 takes for something else than text.
var words = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// quote writes text as a YAML scalar. All of Go's escapes are YAML's too
// (YAML 1.2.2 section 5.7).
func quote(text string) string {
	if plainForm.MatchString(text) && !slices.Contains(words, strings.ToLower(text)) {
		return text
	}
	return strconv.Quote(text)
}

func quoted(texts []string) string {
	var list []string
	for _, t := range texts {
		list = append(list, quote(t))
	}
	return strings.Join(list, ", ")
}

func itoa(n int) string { return strconv.Itoa(n) }
