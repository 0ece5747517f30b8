package nginx

import (
	"errors"
	"path/filepath"
	"strings"
)

// directive is one directive of an nginx configuration.
type directive struct {
	name  string
	args  []string
	block []directive
	file  string // where it stands; known of those outside of all blocks of a file
}

// all returns the directives of that name in the list itself.
func all(list []directive, name string) []directive {
	var found []directive
	for _, d := range list {
		if d.name == name {
			found = append(found, d)
		}
	}
	return found
}

// within returns the directives of that name in all blocks of that name.
func within(list []directive, block, name string) []directive {
	var found []directive
	for _, b := range all(list, block) {
		found = append(found, all(b.block, name)...)
	}
	return found
}

// maxIncludes bounds the nesting of include, which may be a circle.
const maxIncludes = 16

// readConf reads an nginx configuration and what it includes. It is lenient:
// whether the configuration is right is asked of nginx -t, and it must be
// readable here when it is not.
func readConf(path string) ([]directive, error) { return view{}.readConf(path) }

// readConf reads it as the nginx that has this view sees it.
func (v view) readConf(path string) ([]directive, error) {
	return (&reader{view: v, home: filepath.Dir(path)}).file(path, 0)
}

type reader struct {
	view
	home string
}

func (r *reader) file(path string, depth int) ([]directive, error) {
	text, err := r.read(path)
	if err != nil {
		return nil, err
	}
	if depth > maxIncludes {
		return nil, errors.New("includes are nested too deep in " + path)
	}
	list, _ := r.block(tokens(string(text)), depth)
	for i := range list {
		if list[i].file == "" { // else it came by an include
			list[i].file = path
		}
	}
	return list, nil
}

// block reads directives up to the closing brace and returns what follows it.
func (r *reader) block(words []token, depth int) (list []directive, rest []token) {
	var d directive
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w.text == "}" && !w.quoted:
			return list, words
		case w.text == "{" && !w.quoted:
			d.block, words = r.block(words, depth)
			list, d = append(list, d), directive{}
		case w.text == ";" && !w.quoted:
			list = append(list, d)
			if d.name == "include" {
				list = append(list, r.include(d, depth)...)
			}
			d = directive{}
		case d.name == "":
			d.name = w.text
		default:
			d.args = append(d.args, w.text)
		}
	}
	return list, nil
}

// include reads the files in the place of an include directive, as nginx
// does: patterns are relative to the folder of the main file. What can't be
// read is nginx's to report.
func (r *reader) include(d directive, depth int) []directive {
	if len(d.args) != 1 {
		return nil
	}
	var list []directive
	for _, path := range r.glob(under(r.home, d.args[0])) {
		more, err := r.file(path, depth+1)
		if err == nil {
			list = append(list, more...)
		}
	}
	return list
}

type token struct {
	text    string
	quoted  bool
	at, end int // where it stands in the text
}

// tokens splits a configuration into words and the signs ; { }.
func tokens(text string) []token {
	var list []token
	size := len(text)
	for text = next(text); text != ""; text = next(text) {
		t := token{at: size - len(text)}
		switch text[0] {
		case ';', '{', '}':
			t.text, text = text[:1], text[1:]
		case '"', '\'':
			t.text, text = quoted(text[1:], text[0])
			t.quoted = true
		default:
			t.text, text = word(text)
		}
		t.end = size - len(text)
		list = append(list, t)
	}
	return list
}

// next skips blanks and comments.
func next(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "#") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

func quoted(text string, mark byte) (inside, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == mark:
			return b.String(), text[i+1:]
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), ""
}

// word reads up to a blank, ; or {; the brace of ${name} is part of the word.
func word(text string) (w, rest string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ' ', '\t', '\r', '\n', ';':
			return text[:i], text[i:]
		case '{':
			if i == 0 || text[i-1] != '$' {
				return text[:i], text[i:]
			}
		}
	}
	return text, ""
}
