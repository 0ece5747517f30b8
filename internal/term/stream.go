package term

import (
	"io"
	"os"

	xterm "github.com/charmbracelet/x/term"

	"teal/internal/release"
)

// Stream tells the story of a deploy. Event never blocks on a person and may
// be called from several goroutines. What could not be written is told by
// Close, since a deploy goes on when nobody reads it.
type Stream interface {
	Event(release.Event)
	Close() error
}

// Mode is how a stream looks.
type Mode int

// The modes. Auto is live steps on a terminal and plain lines elsewhere.
const (
	Auto Mode = iota
	Lines
	Objects
	Receipts // nothing but the receipt
)

// New returns the stream for out. Auto asks whether out is a terminal; a
// terminal that says TERM=dumb can't move its cursor and gets plain lines.
func New(out io.Writer, mode Mode) Stream {
	switch mode {
	case Objects:
		return NewJSON(out)
	case Receipts:
		return NewQuiet(out)
	}
	f, ok := out.(*os.File)
	if mode == Lines || !ok || !IsTerminal(f) || os.Getenv("TERM") == "dumb" {
		return NewPlain(out)
	}
	return NewTTY(f)
}

// IsTerminal reports whether a person may be looking at f.
func IsTerminal(f *os.File) bool { return xterm.IsTerminal(f.Fd()) }
