package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Edits are changes to files that were parsed, kept until Changes makes the new
// files of them. The zero value has none. A directive of a file that is included
// twice changes in both places.
type Edits struct {
	files []*File
	of    map[*File][]edit
}

// edit puts text in the place of the bytes from start to end.
type edit struct {
	start, end int
	text       string
}

// Changed is a file before and after.
type Changed struct {
	Path          string
	Before, After string

	edits []edit
}

func (e *Edits) add(f *File, change edit) {
	if e.of == nil {
		e.of = map[*File][]edit{}
	}
	if len(e.of[f]) == 0 {
		e.files = append(e.files, f)
	}
	e.of[f] = append(e.of[f], change)
}

// Replace writes another word in the place of the i-th argument, from 0. The
// word is as it will be written: see Quote.
func (e *Edits) Replace(d *Directive, i int, word string) error {
	if i < 0 || i+1 >= len(d.Words) {
		return d.fault("%s has %d arguments, none to replace at %d", d.Name, len(d.Words)-1, i)
	}
	old := d.Words[i+1]
	trial, err := Parse("replacement", []byte("x "+word+";"))
	if err != nil || len(trial.Top) != 1 || len(trial.Top[0].Words) != 2 || trial.Top[0].Words[1].Raw != word {
		return d.fault("%q isn't one word of an nginx configuration", word)
	}
	if d.File.Src[old.End] == ')' && !trial.Top[0].Words[1].Quoted() {
		return d.fault("%q would run together with what follows %s: put it in quotes", word, old.Raw)
	}
	e.add(d.File, edit{old.Start, old.End, word})
	return nil
}

// InsertBefore writes directives on lines of their own before d, indented and
// ended as d's line is. Where another directive begins d's line, they come
// between the two.
func (e *Edits) InsertBefore(d *Directive, text string) error {
	lines, err := d.lines(text)
	if err != nil {
		return err
	}
	line := d.line()
	if line.shared() {
		return e.inline(d, lines, edit{d.Start, d.Start, strings.Join(lines, "") + " "})
	}
	e.add(d.File, edit{line.begin, line.begin, line.indented(lines)})
	return nil
}

// InsertAfter writes directives on lines of their own after d, indented and
// ended as d's line is. Where another directive ends d's line, they come between
// the two.
func (e *Edits) InsertAfter(d *Directive, text string) error {
	lines, err := d.lines(text)
	if err != nil {
		return err
	}
	line := d.line()
	if line.followed() {
		return e.inline(d, lines, edit{d.End, d.End, " " + strings.Join(lines, "")})
	}
	added := line.indented(lines)
	if !line.ended {
		added = line.eol + strings.TrimSuffix(added, line.eol)
	}
	e.add(d.File, edit{line.end, line.end, added})
	return nil
}

// inline inserts into a line that others stand on too. A comment there would
// swallow what follows.
func (e *Edits) inline(d *Directive, lines []string, change edit) error {
	if len(lines) != 1 || strings.Contains(lines[0], "#") {
		return d.fault("%s shares its line with another directive, so only one line without a # fits beside it", d.Name)
	}
	e.add(d.File, change)
	return nil
}

// Remove takes a directive out: its lines, with a comment behind it, where it
// has them for itself, else its own bytes and the blanks up to its neighbour.
func (e *Edits) Remove(d *Directive) {
	line := d.line()
	switch {
	case line.shared():
		e.add(d.File, edit{line.code, d.End, ""})
	case line.followed():
		e.add(d.File, edit{d.Start, line.rest, ""})
	default:
		e.add(d.File, edit{line.begin, line.end, ""})
	}
}

// Changes makes the new files, in the order in which they were first edited.
// It fails where two edits want the same bytes, and where a new file would not
// parse.
func (e *Edits) Changes() ([]Changed, error) {
	var all []Changed
	for _, f := range e.files {
		edits, err := ordered(f, e.of[f])
		if err != nil {
			return nil, err
		}
		after := applied(f.Src, edits)
		if _, err := Parse(f.Path, []byte(after)); err != nil {
			return nil, fmt.Errorf("the edited file is no configuration: %w", err)
		}
		all = append(all, Changed{Path: f.Path, Before: f.Src, After: after, edits: edits})
	}
	return all, nil
}

// ordered sorts a file's edits, makes one of removals that overlap, and refuses
// any other overlap. What is inserted at one place keeps its order.
func ordered(f *File, edits []edit) ([]edit, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	var kept []edit
	for _, next := range sorted {
		if len(kept) == 0 || next.start >= kept[len(kept)-1].end {
			kept = append(kept, next)
			continue
		}
		before := &kept[len(kept)-1]
		if before.text != "" || next.text != "" {
			l := lexer{path: f.Path, src: f.Src}
			return nil, l.fault(next.start, "two edits want to change the same place")
		}
		before.end = max(before.end, next.end)
	}
	return kept, nil
}

func applied(src string, edits []edit) string {
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(src[at:e.start])
		b.WriteString(e.text)
		at = e.end
	}
	b.WriteString(src[at:])
	return b.String()
}
