package adopt

import (
	"slices"
	"strings"

	"teal/internal/nginx/conf"
)

// draft is what is to be written around one directive.
type draft []change

type change struct {
	verb string // replace, before, after, remove
	at   *conf.Directive
	arg  int
	text string
}

func (d *draft) replace(at *conf.Directive, arg int, word string) {
	*d = append(*d, change{"replace", at, arg, word})
}

func (d *draft) before(at *conf.Directive, line string) {
	*d = append(*d, change{verb: "before", at: at, text: line})
}

func (d *draft) after(at *conf.Directive, line string) {
	*d = append(*d, change{verb: "after", at: at, text: line})
}

func (d *draft) remove(at *conf.Directive) { *d = append(*d, change{verb: "remove", at: at}) }

// written is a draft and the place it was made for.
type written struct {
	draft
	at *conf.Node
}

// write puts the draft into the files. A file that is included twice has its
// directives at two places: what is written must be right for both.
func (s *site) write(n *conf.Node) {
	if earlier, again := s.drafts[n.Directive]; again {
		if !slices.Equal(earlier.draft, s.draft) {
			s.problem(n, "%s is included at two places, which need different lines here: %s and %s; write it at each", n.File.Path, way(earlier.at), way(n))
		}
		return
	}
	s.drafts[n.Directive] = written{s.draft, n}
	for _, c := range s.draft {
		if err := s.apply(c); err != nil {
			s.problems = append(s.problems, err.Error())
		}
	}
}

// way is by which includes nginx gets to a directive, the outermost first.
func way(n *conf.Node) string {
	var list []string
	for _, include := range n.Via {
		list = append(list, include.Place())
	}
	return strings.Join(list, " → ")
}

func (s *site) apply(c change) error {
	switch c.verb {
	case "replace":
		return s.edits.Replace(c.at, c.arg, c.text)
	case "remove":
		s.edits.Remove(c.at)
		return nil
	case "before":
		return commented(c, s.edits.InsertBefore)
	}
	return commented(c, s.edits.InsertAfter)
}

// commented leaves the comment out where others stand on the line.
func commented(c change, insert func(*conf.Directive, string) error) error {
	err := insert(c.at, c.text)
	if bare, _, has := strings.Cut(c.text, "  # teal"); has && err != nil {
		return insert(c.at, bare)
	}
	return err
}
