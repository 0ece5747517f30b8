package conf

import "strings"

// line is the lines that a directive stands on, and what else is there.
type line struct {
	src    string
	begin  int    // of the first line
	code   int    // behind what stands before the directive on its first line, blanks included
	start  int    // of the directive
	rest   int    // of what follows it, behind blanks
	end    int    // of the last line, its ending included
	eol    string // how this line ends, or another of the file where it is the last
	ended  bool   // whether the last line has an ending
	indent string
}

func (d *Directive) line() line {
	src := d.File.Src
	l := line{src: src, start: d.Start, begin: strings.LastIndexByte(src[:d.Start], '\n') + 1, end: len(src), eol: ending(src)}
	l.code = l.begin + len(strings.TrimRight(src[l.begin:d.Start], " \t\r"))
	l.rest = d.End + blanks(src[d.End:])
	if i := strings.IndexByte(src[d.End:], '\n'); i >= 0 {
		l.end, l.ended = d.End+i+1, true
		l.eol = ending(src[d.End:l.end])
	}
	head := src[l.begin:d.Start]
	l.indent = head[:blanks(head)]
	return l
}

// shared reports whether something stands before the directive on its line.
func (l line) shared() bool { return l.code > l.begin }

// followed reports whether something other than a comment stands behind the
// directive on its line.
func (l line) followed() bool {
	return l.rest < len(l.src) && !strings.ContainsRune("\r\n#", rune(l.src[l.rest]))
}

// indented is the lines as they are written beside this one. Lines of a text
// keep their own indentation behind it.
func (l line) indented(lines []string) string {
	var b strings.Builder
	for _, text := range lines {
		if text != "" {
			b.WriteString(l.indent)
		}
		b.WriteString(text + l.eol)
	}
	return b.String()
}

// lines parts a text of whole directives at its line endings.
func (d *Directive) lines(text string) ([]string, error) {
	text = strings.Trim(text, "\r\n")
	trial, err := Parse("insertion", []byte(text))
	if err != nil {
		return nil, d.fault("%q can't be written here: %s", text, err)
	}
	if len(trial.Top) == 0 {
		return nil, d.fault("%q holds no directive", text)
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r")
	}
	return lines, nil
}

// blanks is how many blanks a text begins with.
func blanks(text string) int { return len(text) - len(strings.TrimLeft(text, " \t")) }

// ending is how the first line of a text ends.
func ending(text string) string {
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
