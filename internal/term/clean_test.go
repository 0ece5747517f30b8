package term

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestOutputCannotDriveTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain, ünïcode, 日本, 👩‍💻":           "plain, ünïcode, 日本, 👩‍💻",
		"line\r\n":                          "line",
		"a\tb":                              "a    b",
		"\x1b[1;31mred\x1b[0m":              "red",
		"\x1b[2J\x1b[H":                     `\x1b[2J\x1b[H`,
		"\x1b]0;title\x07":                  `\x1b]0;title\x07`,
		"\x1b[3\x1b[0m1m":                   `\x1b[31m`,
		"two\nlines\rover":                  `two\nlines\rover`,
		"\u009b2J":                          `\x9b2J`,
		"\xff\xfe":                          `\xff\xfe`,
		"abc\u202edcba":                     `abc\u202edcba`,
		"\u2028\U000e0041":                  `\u2028\U000e0041`,
		strings.Repeat("x", 3) + "\x7f\x00": `xxx\x7f\x00`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNothingPassesCleanThatMovesACursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "in"))
		got := Clean(in)
		if !utf8.ValidString(got) || strings.IndexFunc(got, drives) >= 0 {
			t.Fatalf("Clean(%q) = %q", in, got)
		}
		if again := Clean(got); again != got {
			t.Fatalf("cleaned twice: %q, then %q", got, again)
		}
	})
}
