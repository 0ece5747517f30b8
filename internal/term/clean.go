package term

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sgr is an SGR sequence (ECMA-48 section 8.3.117). Log lines are full of
// them; they can only color text, so they are dropped rather than spelled out.
var sgr = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// Clean returns s as one line that can't drive a terminal: colors are taken
// out, tabs become spaces, and every other control character, bidirectional
// override or byte that isn't UTF-8 is spelled out (\x1b, \u202e, \xff).
func Clean(s string) string {
	s = strings.TrimRight(s, "\r\n")
	if harmless(s) {
		return s
	}
	s = sgr.ReplaceAllString(s, "")
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(spell(r, s[i:i+n]))
		i += n
	}
	return b.String()
}

func harmless(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, drives) < 0
}

// drives reports whether r may move the cursor, hide text or turn its
// direction: the control characters (C0, DEL, C1), the format characters
// (category Cf, which holds the bidirectional overrides) and the line and
// paragraph separators. The zero-width joiner is let through: emoji need it.
func drives(r rune) bool {
	return r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// spell returns the safe form of r, which was read from raw.
func spell(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case r == '\t':
		return "    "
	case !drives(r):
		return raw
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
