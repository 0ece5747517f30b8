package adopt

import (
	"regexp"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
)

var proxyNames = regexp.MustCompile(`\$(\{proxy_(host|port)\}|proxy_(host|port)\b)`)

// hosts keeps the Host that the backend is sent.
func (s *site) hosts(b binding) {
	found := b.Effective("proxy_set_header")
	named := slices.ContainsFunc(found, func(n *conf.Node) bool { return strings.EqualFold(n.Arg(0), "Host") })
	reads := slices.ContainsFunc(found, func(n *conf.Node) bool { return proxyNames.MatchString(n.Arg(1)) })
	s.namesElsewhere(b)
	if named && !reads {
		return
	}
	if nested := s.passedOn(b); nested != nil {
		s.problem(b.Node, "the location needs a proxy_set_header of its own, which the proxy_pass at %s would inherit: give that one its own first", nested.Place())
		return
	}
	own := len(found) > 0 && found[0].Up == b.Up
	for _, n := range found {
		switch {
		case !own:
			s.insert(b, headerText(n, b))
		case proxyNames.MatchString(n.Arg(1)):
			s.draft.replace(n.Directive, 1, conf.Quote(b.filled(n.Arg(1))))
		}
	}
	if named {
		return
	}
	line := "proxy_set_header Host " + conf.Quote(b.name()) + ";"
	if at := beside(found, b); own && at != nil {
		s.draft.after(at, line)
		return
	}
	s.insert(b, line)
}

// beside is the last of the location's own headers, or the include that brings
// it: nginx sends its own Host behind those that are written.
func beside(found []*conf.Node, b binding) *conf.Directive {
	if len(found) == 0 {
		return nil
	}
	n := found[len(found)-1]
	for _, d := range append([]*conf.Directive{n.Directive}, n.Via...) {
		if d.File == b.File && d.Parent == b.Parent {
			return d
		}
	}
	return nil
}

// headerText is a header of an outer level, repeated: one of a location's own
// ends all of those.
func headerText(n *conf.Node, b binding) string {
	if !proxyNames.MatchString(n.Arg(1)) {
		return n.File.Src[n.Start:n.End]
	}
	return "proxy_set_header " + conf.Quote(n.Arg(0)) + " " + conf.Quote(b.filled(n.Arg(1))) + ";"
}

// filled is a text with the names of the server that the pass had.
func (b binding) filled(text string) string {
	port := b.live.Port
	if port == "" {
		port = "80"
	}
	return proxyNames.ReplaceAllStringFunc(text, func(name string) string {
		if strings.Contains(name, "port") {
			return port
		}
		return b.name()
	})
}

// passedOn is a proxy_pass within the location that stays as it is and would
// inherit what is written there; nil without.
func (s *site) passedOn(b binding) *conf.Pass {
	for _, p := range s.view.Passes {
		mine := slices.ContainsFunc(s.bound, func(o binding) bool { return o.Pass == p })
		if !mine && inherits(p, b) {
			return p
		}
	}
	return nil
}

// inherits reports whether the headers of b's location come down to the pass.
func inherits(p *conf.Pass, b binding) bool {
	for level := p.Up; level != nil; level = level.Up {
		if level == b.Up {
			return p.Node != b.Node
		}
		if len(level.Own("proxy_set_header")) > 0 {
			return false
		}
	}
	return false
}

// namesElsewhere says of other directives that name the server that they will
// name teal's upstream.
func (s *site) namesElsewhere(b binding) {
	for level := b.Up; level != nil; level = level.Up {
		for _, n := range level.Kids {
			if n.Name != "proxy_set_header" && !n.HasBlock() && proxyNames.MatchString(strings.Join(n.Args(), " ")) {
				s.note(n, "%s has $proxy_host or $proxy_port, which say teal's upstream from now on", n.Name)
			}
		}
	}
	for _, n := range b.Effective("proxy_cache") {
		if n.Arg(0) != "off" {
			s.note(n, "proxy_cache: what is cached is kept for each color by itself, unless proxy_cache_key says otherwise")
		}
	}
}
