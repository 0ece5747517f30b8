package term

import (
	"io"
	"os"
)

// style paints text with SGR sequences, or leaves it alone.
type style struct{ on bool }

// styleFor honours NO_COLOR (no-color.org: any value that isn't empty).
func styleFor(terminal bool) style {
	return style{on: terminal && os.Getenv("NO_COLOR") == ""}
}

// styleOf is that of what is written to out.
func styleOf(out io.Writer) style {
	f, ok := out.(*os.File)
	return styleFor(ok && IsTerminal(f) && os.Getenv("TERM") != "dumb")
}

func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }

func (s style) paint(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
