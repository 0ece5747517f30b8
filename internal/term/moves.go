package term

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// moves are what moves in a running step, one line for each image, container
// or replica: they move side by side, and the last word of one must not hide
// where another is.
type moves []move

type move struct {
	of   string // what moves; "" for the step itself
	text string
}

// moveLines is how many of them are shown.
const moveLines = 6

// kinds stand before the name of what moves.
var kinds = []string{"image", "container", "network", "volume", "service"}

// told takes a line in: the newest is the last.
func (m moves) told(text string) moves {
	of := moverOf(text)
	kept := slices.DeleteFunc(m, func(old move) bool { return old.of == of })
	return append(kept, move{of, text})
}

// moverOf is what a line is about: image web:1, web-green-2. A line that
// begins with a figure is about the step.
func moverOf(text string) string {
	first, rest, _ := strings.Cut(text, " ")
	switch {
	case first == "" || first[0] >= '0' && first[0] <= '9':
		return ""
	case slices.Contains(kinds, first):
		name, _, _ := strings.Cut(rest, " ")
		return first + " " + name
	}
	return strings.TrimSuffix(first, ":")
}

// fit is the line in so many columns. Names of containers and images begin
// alike and what became of them stands last, so these lose their beginning.
func (m move) fit(columns int) string {
	over := ansi.StringWidth(m.text) - columns
	if over <= 0 || !strings.Contains(m.of, " ") {
		return m.text
	}
	return ansi.TruncateLeft(m.text, over+1, "…")
}

// newest are at most n lines, those that moved last, in the order of what
// moves, so that a line stays where it is while it changes.
func (m moves) newest(n, columns int) []string {
	shown := slices.Clone(m[len(m)-min(n, len(m)):])
	slices.SortFunc(shown, func(a, b move) int { return strings.Compare(a.of, b.of) })
	var lines []string
	for _, s := range shown {
		lines = append(lines, s.fit(columns))
	}
	return lines
}

// aside is the room beside a running step in which a line can be read.
const aside = 24

// beside is what stands beside the running step: why it runs, or the one thing
// that moves in it where there is room. What is not beside it is below.
func (r *running) beside(room int) string {
	switch {
	case len(r.moves) == 0:
		return cause(r.event)
	case len(r.moves) == 1 && (room >= aside || ansi.StringWidth(r.moves[0].text) <= room):
		return r.moves[0].fit(room)
	}
	return ""
}
