package conf

import (
	"regexp"
	"strings"
)

// Word is a directive's name or one of its arguments.
type Word struct {
	Value  string // what nginx takes it for: without quotes, escapes undone
	Raw    string // as it is written
	Start  int    // Raw is the file's bytes from Start …
	End    int    // … to End
	Line   int    // of its first byte, from 1
	Column int    // in bytes, from 1
}

// Quoted reports whether the word stands in quotes.
func (w Word) Quoted() bool {
	return strings.HasPrefix(w.Raw, `"`) || strings.HasPrefix(w.Raw, "'")
}

var bareWord = regexp.MustCompile(`^[A-Za-z0-9_./:@$%+,=~*?&|<>!()\[\]^-]+$`)

// Quote writes a value as one word, in quotes only where nginx needs them. It
// leaves variables in it as they are.
func Quote(value string) string {
	if bareWord.MatchString(value) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

var escapes = map[byte]byte{'"': '"', '\'': '\'', '\\': '\\', 't': '\t', 'r': '\r', 'n': '\n'}

// unescape undoes the six escapes that nginx knows. Any other backslash stays
// in the value: `\.` in a pattern, `\ ` in a path.
func unescape(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			if meant, known := escapes[text[i+1]]; known {
				b.WriteByte(meant)
				i++
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
