package term

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// table is rows of cells printed below each other, indented, without spaces
// at the ends of lines.
type table [][]string

func (t *table) row(cells ...string) { *t = append(*t, cells) }

// write prints the table between lines of text.
func (t table) write(w io.Writer, above, below []string) error {
	all := append(append(above, t.lines()...), below...)
	_, err := io.WriteString(w, strings.Join(all, "\n")+"\n")
	return err
}

func (t table) lines() []string {
	widths := t.widths()
	var out []string
	for _, row := range t {
		line := ""
		for i, cell := range row {
			line += "  " + cell + strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
		}
		out = append(out, strings.TrimRight(line, " "))
	}
	return out
}

func (t table) widths() map[int]int {
	widths := map[int]int{}
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	return widths
}
