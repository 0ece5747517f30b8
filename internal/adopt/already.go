package adopt

import (
	"fmt"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// AlreadyError says that all that leads to the app has its lines: there is
// nothing to do.
type AlreadyError struct{ App, Place string }

func (e *AlreadyError) Error() string {
	return fmt.Sprintf("%s is adopted already, by the include at %s", e.App, e.Place)
}

// already fails where some of the chain has the app's lines: with an
// AlreadyError where all of it has. What is done in part is refused, each place
// named: one line of teal's doesn't tell that the rest follows the switch, and
// what the adopted part served before is no longer in nginx's files.
func (p *Proposal) already(sites []*site, root string) error {
	var begun *conf.Node
	var missing []string
	for _, s := range sites {
		if begun == nil {
			begun = s.begun()
		}
		missing = append(missing, s.missing(root)...)
	}
	switch {
	case begun == nil:
		return nil
	case len(missing) == 0:
		return &AlreadyError{p.App.Name, begun.Place()}
	}
	return &release.Error{
		Code: release.Invalid, What: p.App.Name + " is adopted in part: nginx has teal's line at " + begun.Place() + ", and not all that leads to the app follows the switch",
		Detail: missing, State: "nothing was written",
		Next: "write what is named as the adopted blocks have it (docs/adopting.md has each line), or put nginx's files back as they were before teal and run teal init again",
	}
}

// begun is the first of teal's lines in this nginx, nil without.
func (s *site) begun() *conf.Node {
	for _, v := range s.view.Servers {
		if n := s.included(v); n != nil {
			return n
		}
	}
	if i := slices.IndexFunc(s.view.Passes, s.follows); i >= 0 {
		return s.view.Passes[i].Node
	}
	return nil
}

// missing is what keeps this nginx from following the switch, each with its
// place.
func (s *site) missing(root string) []string {
	var list []string
	begun := s.begun()
	switch {
	case begun == nil && len(s.bound) > 0:
		list = append(list, s.n.Tree.Main.Path+": this nginx has none of teal's lines: name it in the chain of teal.yaml too, a list under proxy")
	case begun != nil && len(s.bound) == 0 && !slices.ContainsFunc(s.view.Passes, s.follows):
		list = append(list, begun.Place()+": teal's include is here, and no proxy_pass of "+s.n.Tree.Main.Path+" leads to the app")
	}
	for _, b := range s.bound {
		list = append(list, fmt.Sprintf("%s: proxy_pass %s leads to %s past the switch: proxy_pass http://$%s follows it%s",
			b.Place(), b.Raw, b.service, release.Variable(s.p.App.Name, b.service), s.lacks(b.Server, root)))
	}
	for _, pass := range s.view.Passes {
		if lacks := s.lacks(pass.Server, root); s.follows(pass) && lacks != "" {
			list = append(list, pass.Place()+": proxy_pass "+pass.Raw+" has no value here"+lacks)
		}
	}
	return append(list, s.problems...)
}

// lacks names the line that a server block needs and has not, "" where it has.
func (s *site) lacks(v *conf.Server, root string) string {
	if s.included(v) != nil {
		return ""
	}
	return "; the server block at " + v.Place() + " lacks include " + s.include(v, root)
}

// follows reports whether the pass has its address from a variable of teal's,
// by itself or by way of another.
func (s *site) follows(pass *conf.Pass) bool {
	ours := func(text string) bool {
		name := strings.TrimPrefix(strings.TrimPrefix(text, "$"), "{")
		return name != text && strings.HasPrefix(name, release.Variable(s.p.App.Name, ""))
	}
	if ours(strings.TrimPrefix(pass.Raw, "http://")) {
		return true
	}
	return slices.ContainsFunc(pass.Targets, func(t conf.Target) bool {
		return slices.ContainsFunc(t.By, func(n *conf.Node) bool { return n.Name == "set" && ours(n.Arg(0)) })
	})
}

// included is the line by which the server includes the app's file, nil
// without.
func (s *site) included(v *conf.Server) *conf.Node {
	for _, n := range v.Own("include") {
		if strings.HasSuffix(n.Arg(0), ".inc") && strings.Contains(n.Arg(0), fmt.Sprintf("/apps/%s/", s.p.App.Name)) {
			return n
		}
	}
	return nil
}
