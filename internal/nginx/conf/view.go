package conf

import "strings"

// View is what a configuration serves over HTTP: its servers, the upstreams
// they name, and every proxy_pass with where it leads. The stream and mail
// blocks are left out.
type View struct {
	Servers   []*Server
	Upstreams []*Upstream
	Passes    []*Pass // in nginx's order

	blocks map[string][]*Node // map, geo and split_clients, by the variable that they make
}

// Server is one server block.
type Server struct {
	*Node
	Listens      []Listen // one implied, without a Node, where nothing is written
	Names        []string
	Certificates []*Node // ssl_certificate in force, of this level or above
	Keys         []*Node // ssl_certificate_key
	HTTP2        bool
	Locations    []*Location // the outermost ones
	Passes       []*Pass     // all of them, in nested locations too
}

// Location is one location block.
type Location struct {
	*Node
	Modifier  string // "", "=", "^~", "~", "~*" or "@"
	Path      string // without the modifier
	Server    *Server
	Outer     *Location // the location it is nested in, or nil
	Locations []*Location
	Passes    []*Pass // its own, those in an if or limit_except of it too
}

// View reads what the tree serves.
func (t *Tree) View() *View {
	v := &View{blocks: map[string][]*Node{}}
	for _, http := range t.Named("http") {
		if http.Up == nil {
			v.http(http)
		}
	}
	for _, p := range v.Passes {
		p.Targets = v.targets(p)
	}
	return v
}

func (v *View) http(http *Node) {
	v.variables(http)
	for _, n := range http.Own("upstream") {
		v.Upstreams = append(v.Upstreams, newUpstream(n))
	}
	for _, n := range http.Own("server") {
		s := newServer(n)
		v.Servers = append(v.Servers, s)
		v.collect(n, s, nil)
	}
}

// collect finds the locations and passes in a block of a server.
func (v *View) collect(block *Node, s *Server, l *Location) {
	for _, n := range block.Kids {
		switch {
		case n.Name == "location" && n.HasBlock():
			v.location(n, s, l)
		case n.Name == "proxy_pass" && len(n.Words) == 2:
			v.pass(n, s, l)
		case n.HasBlock():
			v.collect(n, s, l)
		}
	}
}

func (v *View) location(n *Node, s *Server, outer *Location) {
	l := newLocation(n)
	l.Server, l.Outer = s, outer
	if outer == nil {
		s.Locations = append(s.Locations, l)
	} else {
		outer.Locations = append(outer.Locations, l)
	}
	v.collect(n, s, l)
}

func (v *View) pass(n *Node, s *Server, l *Location) {
	p := newPass(n)
	p.Server, p.Location = s, l
	v.Passes = append(v.Passes, p)
	s.Passes = append(s.Passes, p)
	if l != nil {
		l.Passes = append(l.Passes, p)
	}
}

func newServer(n *Node) *Server {
	s := &Server{Node: n, Certificates: n.Effective("ssl_certificate"), Keys: n.Effective("ssl_certificate_key")}
	for _, l := range n.Own("listen") {
		s.Listens = append(s.Listens, newListen(l))
	}
	if len(s.Listens) == 0 {
		s.Listens = []Listen{{Port: "80"}}
	}
	for _, names := range n.Own("server_name") {
		s.Names = append(s.Names, names.Args()...)
	}
	s.HTTP2 = s.speaksHTTP2()
	return s
}

// speaksHTTP2 asks for the listen parameter, and for the directive that took
// its place in nginx 1.25.1.
func (s *Server) speaksHTTP2() bool {
	for _, l := range s.Listens {
		if l.HTTP2 {
			return true
		}
	}
	for _, n := range s.Effective("http2") {
		return n.Arg(0) == "on"
	}
	return false
}

// modifiers are those that may be written without a space behind them, longest
// first: nginx takes `~*x` for `~* x`.
var modifiers = []string{"^~", "~*", "=", "~", "@"}

func newLocation(n *Node) *Location {
	if len(n.Words) > 2 {
		return &Location{Node: n, Modifier: n.Arg(0), Path: n.Arg(1)}
	}
	for _, m := range modifiers {
		if rest, ok := strings.CutPrefix(n.Arg(0), m); ok {
			return &Location{Node: n, Modifier: m, Path: rest}
		}
	}
	return &Location{Node: n, Path: n.Arg(0)}
}
