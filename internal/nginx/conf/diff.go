package conf

import (
	"fmt"
	"path"
	"sort"
	"strings"
)

// around is how many unchanged lines a diff shows on each side, as diff -u
// does.
const around = 3

// hunk is a stretch of changed lines: old[from:to] became fresh.
type hunk struct {
	from, to int
	fresh    []string
}

// Diff is the change as a unified diff, for `patch -p1 -d /` or `git apply`;
// "" where nothing changed.
func (c Changed) Diff() string {
	if c.Before == c.After {
		return ""
	}
	old := lineList(c.Before)
	hunks := c.hunks(old)
	name := strings.TrimPrefix(path.Clean(c.Path), "/")
	var b strings.Builder
	fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n", name, name)
	shift := 0
	for len(hunks) > 0 {
		n := neighbours(hunks)
		shift += writeHunks(&b, old, hunks[:n], shift)
		hunks = hunks[n:]
	}
	return b.String()
}

// lineList parts a text behind its line feeds.
func lineList(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// hunks are the lines that edits touched, those that came out as they were
// left out.
func (c Changed) hunks(old []string) []hunk {
	p := paged(old)
	var found []hunk
	for at := 0; at < len(c.edits); {
		n, from, to := p.touched(c.edits[at:])
		h := hunk{from: from, to: to, fresh: lineList(stretch(c.Before, p.starts[from], p.starts[to], c.edits[at:at+n]))}
		if h = trimmed(h, old); h.from < h.to || len(h.fresh) > 0 {
			found = append(found, h)
		}
		at += n
	}
	return found
}

// pages knows which line an offset is on.
type pages struct {
	starts []int // the offsets of the lines, and the text's length
	last   int   // the line that the text's end is on: one more than there are, if the last has an ending
}

func paged(lines []string) pages {
	p := pages{starts: make([]int, len(lines)+1), last: len(lines)}
	for i, text := range lines {
		p.starts[i+1] = p.starts[i] + len(text)
		if !strings.HasSuffix(text, "\n") {
			p.last = i
		}
	}
	return p
}

// touched is how many of the first edits share lines, and which lines.
func (p pages) touched(edits []edit) (n, from, to int) {
	from, to = p.lines(edits[0])
	for n = 1; n < len(edits); n++ {
		first, end := p.lines(edits[n])
		if first >= to {
			break
		}
		to = max(to, end)
	}
	return n, from, to
}

// lines are the lines from the one that an edit begins in to the one behind
// its end's.
func (p pages) lines(e edit) (from, to int) {
	lines := len(p.starts) - 1
	of := func(offset int) int {
		return min(sort.Search(lines, func(i int) bool { return p.starts[i+1] > offset }), p.last)
	}
	return of(e.start), min(of(e.end)+1, lines)
}

// stretch is what the edits make of the bytes from one offset to another.
func stretch(src string, from, to int, edits []edit) string {
	moved := make([]edit, len(edits))
	for i, e := range edits {
		moved[i] = edit{e.start - from, e.end - from, e.text}
	}
	return applied(src[from:to], moved)
}

// trimmed is a hunk without the lines at its ends that are the same.
func trimmed(h hunk, old []string) hunk {
	for h.from < h.to && len(h.fresh) > 0 && old[h.from] == h.fresh[0] {
		h.from, h.fresh = h.from+1, h.fresh[1:]
	}
	for h.from < h.to && len(h.fresh) > 0 && old[h.to-1] == h.fresh[len(h.fresh)-1] {
		h.to, h.fresh = h.to-1, h.fresh[:len(h.fresh)-1]
	}
	return h
}

// neighbours is how many of the first hunks are so near that their contexts
// touch.
func neighbours(hunks []hunk) int {
	n := 1
	for n < len(hunks) && hunks[n].from-hunks[n-1].to <= 2*around {
		n++
	}
	return n
}

// writeHunks writes hunks under one header and returns by how much the lines
// after them moved.
func writeHunks(b *strings.Builder, old []string, hunks []hunk, shift int) int {
	from := max(hunks[0].from-around, 0)
	to := min(hunks[len(hunks)-1].to+around, len(old))
	grown := 0
	for _, h := range hunks {
		grown += len(h.fresh) - (h.to - h.from)
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", lineRange(from, to-from), lineRange(from+shift, to-from+grown))
	at := from
	for _, h := range hunks {
		write(b, " ", old[at:h.from])
		write(b, "-", old[h.from:h.to])
		write(b, "+", h.fresh)
		at = h.to
	}
	write(b, " ", old[at:to])
	return grown
}

// lineRange is a stretch of lines in a header: an empty one is named by the line
// before it.
func lineRange(from, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, count)
}

func write(b *strings.Builder, sign string, lines []string) {
	for _, text := range lines {
		b.WriteString(sign + text)
		if !strings.HasSuffix(text, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
