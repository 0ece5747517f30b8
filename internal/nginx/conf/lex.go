package conf

import (
	"fmt"
	"strings"
)

// longest is nginx's buffer for configuration: a word or a comment that fills it
// is refused (ngx_conf_file.c, NGX_CONF_BUFFER).
const longest = 4096

// lexer reads statements as nginx does (ngx_conf_read_token): what a quote,
// a backslash, a brace means depends on what came right before it.
type lexer struct {
	path  string
	src   string
	pos   int
	start int  // where nginx's buffer begins: at the word or comment being read
	lax   bool // goes on where nginx refuses to

	mark, line, column int // the place of an offset that was asked last
}

// statement reads words up to what ends them: ';', '{', '}', or 0 at the end
// of the file.
func (l *lexer) statement() (words []Word, end byte, err error) {
	for {
		if err := l.blank(); err != nil {
			return nil, 0, err
		}
		if l.pos >= len(l.src) {
			return nil, 0, l.ending(words)
		}
		switch ch := l.src[l.pos]; ch {
		case ';', '{', '}':
			if words, err = l.fitting(words, ch); err != nil {
				return nil, 0, err
			}
			l.pos++
			return words, ch, nil
		}
		w, err := l.word()
		if err != nil {
			return nil, 0, err
		}
		words = append(words, w)
	}
}

// fitting are the words that go with the sign that ends them: none before '}',
// at least one before the others.
func (l *lexer) fitting(words []Word, ch byte) ([]Word, error) {
	switch {
	case (len(words) == 0) == (ch == '}'):
		return words, nil
	case !l.lax:
		return nil, l.fault(l.pos, "unexpected %q", string(rune(ch)))
	case ch == '}':
		return nil, nil
	}
	return []Word{{Start: l.pos, End: l.pos}}, nil
}

// ending is the error of a file that ends after words, nil after none.
func (l *lexer) ending(words []Word) error {
	if len(words) == 0 || l.lax {
		return nil
	}
	return l.fault(len(l.src), `unexpected end of file, expecting ";" or "{" after %q in line %d`, words[0].Value, words[0].Line)
}

// blank skips white space and comments. A comment ends at a line feed: a
// carriage return alone doesn't end it. Blanks, unlike comments, don't stay in
// nginx's buffer.
func (l *lexer) blank() error {
	for ; l.pos < len(l.src); l.start = l.pos {
		switch {
		case space(l.src[l.pos]):
			l.pos++
		case l.src[l.pos] == '#':
			l.start, l.pos = l.pos, l.upTo("\n")
			if err := l.fits(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// fits refuses what nginx can't hold while it asks for the byte at pos.
func (l *lexer) fits() error {
	if !l.lax && l.pos < len(l.src) && l.pos-l.start >= longest {
		return l.fault(l.start, "more than %d bytes without an end, which nginx refuses: is a quote left open", longest-1)
	}
	return nil
}

// word reads one word, quoted or bare, with what has to follow it.
func (l *lexer) word() (Word, error) {
	w := Word{Start: l.pos}
	l.start = l.pos
	w.Line, w.Column = l.place(l.pos)
	quote := l.src[l.pos]
	if quote != '"' && quote != '\'' {
		l.bare()
		return l.made(w, 0)
	}
	l.pos++
	l.start = l.pos
	for l.pos < len(l.src) && l.src[l.pos] != quote {
		l.pos += l.step()
	}
	if l.pos >= len(l.src) && l.lax {
		return w, nil
	}
	if l.pos >= len(l.src) {
		return w, l.fault(w.Start, "this %c is never closed", quote)
	}
	l.pos++
	if !l.lax && l.pos < len(l.src) && !space(l.src[l.pos]) && !strings.ContainsRune(";{)", rune(l.src[l.pos])) {
		return w, l.fault(l.pos, "unexpected %q after a closing quote", l.src[l.pos:l.pos+1])
	}
	return l.made(w, 1)
}

// bare moves to the end of a word without quotes. `${` begins a variable, so
// its brace begins no block.
func (l *lexer) bare() {
	variable := false
	for l.pos < len(l.src) {
		ch := l.src[l.pos]
		if ch == '{' && variable {
			l.pos++
			continue
		}
		if space(ch) || ch == ';' || ch == '{' {
			return
		}
		variable = ch == '$'
		l.pos += l.step()
	}
}

// step is how many bytes of a word are read at once: an escape is two.
func (l *lexer) step() int {
	if l.src[l.pos] == '\\' {
		return min(2, len(l.src)-l.pos)
	}
	return 1
}

// made completes a word that ends at pos, in quotes of the given width.
func (l *lexer) made(w Word, quotes int) (Word, error) {
	w.End = l.pos
	w.Raw = l.src[w.Start:w.End]
	w.Value = unescape(w.Raw[quotes : len(w.Raw)-quotes])
	return w, l.fits()
}

func (l *lexer) upTo(stop string) int {
	if i := strings.Index(l.src[l.pos:], stop); i >= 0 {
		return l.pos + i
	}
	return len(l.src)
}

// place is the line and column of an offset, counted on from the last one that
// was asked.
func (l *lexer) place(offset int) (line, column int) {
	if offset < l.mark || l.line == 0 {
		l.mark, l.line, l.column = 0, 1, 1
	}
	passed := l.src[l.mark:offset]
	if n := strings.Count(passed, "\n"); n > 0 {
		l.line += n
		l.column = len(passed) - strings.LastIndexByte(passed, '\n')
	} else {
		l.column += len(passed)
	}
	l.mark = offset
	return l.line, l.column
}

func (l *lexer) fault(offset int, format string, args ...any) error {
	line, column := l.place(offset)
	return &Error{File: l.path, Line: line, Column: column, What: fmt.Sprintf(format, args...)}
}

func space(ch byte) bool { return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n' }
