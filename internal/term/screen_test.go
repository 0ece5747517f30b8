package term

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// screen is as much of a terminal as TTY is allowed to use: text, new lines,
// carriage return, cursor up, clear to the end of the screen, colors. Anything
// else fails the test, hiding the cursor above all.
type screen struct {
	t     *testing.T
	width int
	rows  []string
	row   int
}

var sequence = regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)

func (s *screen) Write(p []byte) (int, error) {
	for text := string(p); text != ""; {
		text = text[s.step(text):]
	}
	return len(p), nil
}

// step takes one character or sequence and returns how many bytes it had.
func (s *screen) step(text string) int {
	if m := sequence.FindStringSubmatch(text); m != nil {
		s.control(m[1], m[2])
		return len(m[0])
	}
	switch text[0] {
	case '\x1b':
		s.t.Fatalf("a sequence that TTY must not use: %q", text[:min(8, len(text))])
	case '\r':
		return 1
	case '\n':
		s.row++
		return 1
	}
	n := strings.IndexAny(text, "\x1b\r\n")
	if n < 0 {
		n = len(text)
	}
	s.print(text[:n])
	return n
}

func (s *screen) control(args, final string) {
	switch final {
	case "m":
	case "A":
		up, _ := strconv.Atoi(args)
		s.row -= up
		if s.row < 0 {
			s.t.Fatal("the cursor was moved above what was drawn")
		}
	case "J":
		s.rows = s.rows[:min(s.row, len(s.rows))]
	default:
		s.t.Fatalf("a sequence that TTY must not use: CSI %s %s", args, final)
	}
}

func (s *screen) print(text string) {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, "")
	}
	s.rows[s.row] += text
	for s.width > 0 && ansi.StringWidth(s.rows[s.row]) > s.width {
		line := s.rows[s.row]
		s.rows[s.row] = ansi.Truncate(line, s.width, "")
		s.rows = append(s.rows, line[len(s.rows[s.row]):])
		s.row++
	}
}

func (s *screen) String() string {
	var b strings.Builder
	for _, row := range s.rows {
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	return b.String()
}
