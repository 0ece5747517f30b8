package adopt

import (
	"regexp"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// A proxy_pass with a variable does three things less than one without, and a
// backend or a client would see that. Each is written out instead, so that
// both see the same bytes (nginx 1.22, ngx_http_proxy_module.c):
//
//   - the Host that is sent is the name in proxy_pass, where nobody sets one
//     (ngx_http_proxy_set_vars): see hostLines;
//   - Location headers of answers that begin with that name are led back to
//     the location's path (ngx_http_proxy_merge_loc_conf): see redirectLine;
//   - the location's path is replaced by the one in proxy_pass
//     (ngx_http_proxy_create_request): see stripLine.

// pass makes one proxy_pass follow the switch.
func (s *site) pass(b binding) {
	s.draft = nil
	word := "http://$" + release.Variable(s.p.App.Name, b.service)
	if b.Literal() {
		s.literal(b)
	} else {
		word += b.live.URI
		s.oneURI(b)
	}
	s.hosts(b)
	s.draft.replace(b.Directive, 0, conf.Quote(word))
	s.write(b.Node)
}

// Literal reports whether the pass is written without variables.
func (b binding) Literal() bool { return len(b.live.By) == 0 && !strings.Contains(b.Raw, "$") }

// oneURI wants one path behind all that a variable may be.
func (s *site) oneURI(b binding) {
	for _, t := range b.Targets {
		if t.URI != b.live.URI {
			s.problem(b.Node, "proxy_pass %s leads to the path %q or to %q: teal's upstreams differ in servers alone", b.Raw, b.live.URI, t.URI)
			return
		}
	}
}

// literal restores what is lost where the pass had no variable.
func (s *site) literal(b binding) {
	if b.URI != "" {
		s.strip(b)
	}
	s.redirect(b)
}

// insert writes a directive behind the pass.
func (s *site) insert(b binding, line string) {
	if b.If != nil {
		s.problem(b.Node, "the proxy_pass stands in %s, where nginx takes no %s: move it to a location of its own", b.If.Name, strings.Fields(line)[0])
		return
	}
	s.draft.after(b.Directive, line)
}

// name is what the static form calls the server: its host, and its port where
// that isn't HTTP's own.
func (b binding) name() string {
	d := b.live.Destination
	if d.Port == "" || d.Port == "80" {
		return d.Host
	}
	return d.Host + ":" + d.Port
}

// redirect writes proxy_redirect's default out.
func (s *site) redirect(b binding) {
	line := b.redirectLine()
	found := b.Effective("proxy_redirect")
	for _, n := range found {
		if n.Is("proxy_redirect", "default") && n.Up == b.Up {
			s.draft.remove(n.Directive)
			s.insert(b, line)
		}
	}
	if len(found) == 0 && !b.inheritsRedirect() {
		s.insert(b, line)
	}
}

func (b binding) redirectLine() string {
	if b.URI == "" {
		return "proxy_redirect " + conf.Quote(b.Raw+"/") + " /;"
	}
	return "proxy_redirect " + conf.Quote(b.Raw) + " " + conf.Quote(b.Location.Path) + ";"
}

// inheritsRedirect reports whether a location around has a default of its own,
// which nginx makes before it looks at those within.
func (b binding) inheritsRedirect() bool {
	for outer := b.Location.Outer; outer != nil; outer = outer.Outer {
		for _, p := range outer.Passes {
			if p.If == nil && !strings.Contains(p.Raw, "$") {
				return true
			}
		}
	}
	return false
}

// rewrites are directives of nginx's rewrite phase.
var rewrites = []string{"set", "if", "rewrite", "return", "break", "set_by_lua", "set_by_lua_block", "set_by_lua_file",
	"rewrite_by_lua", "rewrite_by_lua_block", "rewrite_by_lua_file", "js_set", "perl_set"}

var (
	// plainURI is what nginx writes as it stands; of anything else, escapes
	// would be escaped again.
	plainURI = regexp.MustCompile(`^/[A-Za-z0-9._~!*,:@/-]*$`)
	pathVars = regexp.MustCompile(`\$\{?(uri|document_uri|request_filename)\b`)
)

// strip writes the replacement of the location's path as a rewrite. It is the
// last directive of the location's rewrite phase: it ends it.
func (s *site) strip(b binding) {
	if !s.strips(b) {
		return
	}
	line := `rewrite "(?s)^` + strings.ReplaceAll(strings.ReplaceAll(regexp.QuoteMeta(b.Location.Path), `\`, `\\`), `"`, `\"`) + `(.*)$" ` + b.URI + `$1 break;`
	var last *conf.Node
	for _, n := range b.Up.Own(rewrites...) {
		last = n
	}
	switch {
	case last == nil || last.Start < b.Start && last.File == b.File:
		s.draft.before(b.Directive, line)
	case last.Parent == b.Parent && last.File == b.File:
		s.draft.after(last.Directive, line)
	default:
		s.problem(last, "%s in another file comes between: write it in the file of the proxy_pass, %s", last.Name, b.Place())
	}
}

// strips reports whether a rewrite does here what the path in proxy_pass does.
func (s *site) strips(b binding) bool {
	const instead = "write the location without a path in proxy_pass first, with a rewrite … break of your own"
	switch n := b.rewritten(); {
	case b.If != nil:
		s.problem(b.Node, "the proxy_pass stands in %s: move it to a location of its own", b.If.Name)
	case !plainURI.MatchString(b.URI):
		s.problem(b.Node, "the path %q of proxy_pass can't be carried over byte for byte: %s", b.URI, instead)
	case strings.Contains(b.Location.Path, "$"):
		s.problem(b.Node, "the location's path has a $: %s", instead)
	case n != nil:
		s.problem(b.Node, "the path of proxy_pass meets the %s in line %d: %s", n.Name, n.Words[0].Line, instead)
	case s.leadsOn(b) != nil:
		n := s.leadsOn(b)
		s.problem(b.Node, "error_page in %s leads to %s, which would get the path that a rewrite made: have that location return, or %s", n.Place(), last(n.Args()), instead)
	default:
		if n := s.readsPath(b); n != nil {
			s.problem(b.Node, "%s in %s reads the path that a rewrite would change: %s", n.Name, n.Place(), "use $request_uri there, or "+instead)
			return false
		}
		return true
	}
	return false
}

// rewritten is a directive of the location that changes the path itself.
func (b binding) rewritten() *conf.Node {
	for _, block := range append(b.Up.Own("if"), b.Up) {
		for _, n := range block.Own(rewrites...) {
			if !slices.Contains([]string{"set", "if", "return"}, n.Name) || n.Name == "return" && block == b.Up {
				return n
			}
		}
	}
	return nil
}

// readsPath is a directive in force for the pass whose value would be another
// once the path is rewritten.
func (s *site) readsPath(b binding) *conf.Node {
	for level := b.Up; level != nil; level = level.Up {
		for _, n := range level.Kids {
			if n.HasBlock() || n.Name == "try_files" && level != b.Up || !pathVars.MatchString(strings.Join(n.Args(), " ")) {
				continue
			}
			if slices.Contains(rewrites, n.Name) || n.Name == "log_format" {
				s.noteLog(n)
				continue
			}
			return n
		}
	}
	return nil
}

// leadsOn is an error_page in force for the pass that goes on in a named
// location with the path as it is, nil without.
func (s *site) leadsOn(b binding) *conf.Node {
	for _, n := range b.Effective("error_page") {
		for _, l := range b.Server.Locations {
			if l.Modifier == "@" && "@"+strings.TrimPrefix(l.Path, "@") == last(n.Args()) && len(l.Own("return")) == 0 {
				return n
			}
		}
	}
	return nil
}

func last(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

func (s *site) noteLog(n *conf.Node) {
	if n.Name == "log_format" {
		s.note(n, "log_format %s logs the path as the backend gets it where a location takes its prefix off; $request_uri is what the client asked for", n.Arg(0))
	}
}
