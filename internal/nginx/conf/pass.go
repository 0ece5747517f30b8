package conf

import (
	"regexp"
	"strings"
)

// Pass is one proxy_pass.
type Pass struct {
	*Node
	Server   *Server
	Location *Location // nil in an if of a server, where nginx takes none
	If       *Node     // the if or limit_except of its location that it stands in, or nil
	Raw      string    // its argument's value
	Destination
	Targets []Target // one without variables; one for each value that a variable may have
}

// Destination is a proxy_pass's argument taken apart. With variables in it only
// Targets tell where it leads.
type Destination struct {
	Scheme string // http or https; "" where a variable holds it
	Host   string // an upstream, a host, an address, or variables; as written
	Port   string // "" where none is written
	Socket string // of http://unix:/path:
	URI    string // what replaces the location's part of the request's path; "" where it is passed as it came
}

// Kind is what a target is.
type Kind string

// The kinds.
const (
	ToUpstream Kind = "upstream"
	ToAddress  Kind = "address"
	Unknown    Kind = "unknown"
)

// Target is where a proxy_pass leads, or may lead.
type Target struct {
	Kind Kind
	Destination
	Upstream  *Upstream // of kind upstream
	By        []*Node   // what gave its variables their values: set, map entries; inside out
	Sometimes bool      // it depends on the request: an if, a map, split_clients
	Why       string    // of kind unknown: what can't be told from the files
}

func newPass(n *Node) *Pass {
	p := &Pass{Node: n, Raw: n.Arg(0), If: n.Up}
	if n.Up.Name != "if" && n.Up.Name != "limit_except" {
		p.If = nil
	}
	p.Destination, _ = destination(p.Raw)
	return p
}

var schemes = regexp.MustCompile(`^(?i:(https?)://)`)

// destination takes an address apart as nginx does (ngx_parse_url). It fails
// without a scheme.
func destination(raw string) (Destination, bool) {
	found := schemes.FindStringSubmatch(raw)
	if found == nil {
		return Destination{}, false
	}
	d := Destination{Scheme: strings.ToLower(found[1])}
	rest := raw[len(found[0]):]
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		d.Socket, d.URI, _ = strings.Cut(path, ":")
		return d, true
	}
	authority := rest[:authorityEnd(rest)]
	d.URI = rest[len(authority):]
	d.Host, d.Port = hostPort(authority)
	return d, true
}

// paths are the variables whose value begins a path or is a query: what stands
// before them is the whole host.
var paths = regexp.MustCompile(`^\$(\{(request_uri|uri|document_uri|is_args)\}|(request_uri|uri|document_uri|is_args)\b)`)

func authorityEnd(rest string) int {
	for i := range len(rest) {
		if rest[i] == '/' || rest[i] == '?' || paths.MatchString(rest[i:]) {
			return i
		}
	}
	return len(rest)
}

// hostPort parts at the colon before the port, which isn't one of an IPv6
// address.
func hostPort(authority string) (host, port string) {
	end := strings.LastIndexByte(authority, ':')
	if end < 0 || end < strings.IndexByte(authority, ']') {
		return authority, ""
	}
	return authority[:end], authority[end+1:]
}
