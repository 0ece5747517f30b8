package nginx

import (
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// includer is a server block, somebody's own, that includes a file of an
// adopted app.
type includer struct {
	directive
	leads bool // it may include the file that leads requests around
}

// includers are those of the app, as the files say now.
func (r *Router) includers(s server, app string) []includer {
	leading := release.Include(r.root, app, s.place)
	var list []includer
	for _, block := range within(s.conf, "http", "server") {
		switch {
		case s.included(block, leading):
			list = append(list, includer{block, true})
		case s.included(block, release.IncludeBeside(r.root, app, s.place)):
			list = append(list, includer{block, false})
		}
	}
	return list
}

// included reports whether the block itself includes the file.
func (s server) included(block directive, path string) bool {
	return slices.ContainsFunc(all(block.block, "include"), func(d directive) bool {
		if len(d.args) != 1 {
			return false
		}
		pattern := under(filepath.Dir(s.main), d.args[0])
		matches, err := filepath.Match(pattern, path)
		return pattern == path || err == nil && matches
	})
}

// leads reports whether requests may be led through a location of ours, and
// back. They arrive where they would have, but as ones that nginx itself has
// redirected: a location that is internal would be open to them, what a host's
// pattern has captured is lost, and rewrite directives of the server's own are
// passed by. A block that has one of these must not be led around.
func (r *Router) leads(s server, app string) bool {
	return !slices.ContainsFunc(r.includers(s, app), func(i includer) bool { return i.leads && !r.simple(i.block, app) })
}

func (r *Router) simple(server []directive, app string) bool {
	return !slices.ContainsFunc(server, func(d directive) bool {
		switch d.name {
		case "set", "if", "rewrite", "return", "break":
			return !r.ours(d, app)
		case "server_name":
			return slices.ContainsFunc(d.args, func(name string) bool { return strings.HasPrefix(name, "~") })
		}
		return !r.ours(d, app) && r.internal(d, app)
	})
}

// internal reports whether the directive, or one in its block, makes a location
// internal.
func (r *Router) internal(d directive, app string) bool {
	return d.name == "internal" || slices.ContainsFunc(d.block, func(d directive) bool { return r.internal(d, app) })
}

// ours reports whether the directive stands in a file of the app's.
func (r *Router) ours(d directive, app string) bool {
	return filepath.Dir(d.file) == r.app(app)
}

// invited refuses an adopted site that no server block includes: nginx would
// take all we write, and none of it would be met.
func (r *Router) invited(s server, app release.App) error {
	hosts := app.Site.Hosts
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	list := r.includers(s, app.Name)
	for _, l := range listenings(app, s.proxy) {
		at, err := render.Address(l.at)
		if err != nil {
			return err
		}
		for _, host := range hosts {
			if !s.meets(list, host, at) {
				return r.uninvited(s, app, host, l.at)
			}
		}
	}
	return nil
}

// meets reports whether a client of the host comes to one of the blocks. In
// doubt (patterns, the port's default server) it says yes: the question after
// the reload tells.
func (s server) meets(list []includer, host string, at netip.AddrPort) bool {
	list = slices.DeleteFunc(slices.Clone(list), func(i includer) bool { return !i.listensAt(at) })
	names := func(block directive) bool {
		_, is := sharedHost(block, []string{host})
		return is
	}
	if slices.ContainsFunc(list, func(i includer) bool { return names(i.directive) }) {
		return true
	}
	return len(list) > 0 && !slices.ContainsFunc(within(s.conf, "http", "server"), func(block directive) bool {
		return block.listensAt(at) && names(block)
	})
}

// uninvited is the error of a site that no server block includes.
func (r *Router) uninvited(s server, app release.App, host, at string) error {
	file := release.Include(r.root, app.Name, s.place)
	e := &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("no server block of the %s that answers %s at %s includes %s", s.name, cmp.Or(host, "any host"), at, file),
		Next: "teal init, which shows the lines to add",
	}
	for _, block := range within(s.conf, "http", "server") {
		a, err := render.Address(at)
		if _, is := sharedHost(block, []string{host}); is && err == nil && block.listensAt(a) {
			e.Detail = append(e.Detail, "the one in "+cmp.Or(block.file, s.main)+" does not")
		}
	}
	return e
}

// concerns reports whether nginx's complaints are about the app's part of its
// configuration: a file of the app, or a name that only these files give.
func (r *Router) concerns(says []string, s server, app string) bool {
	names := []string{
		r.conf(app, s.place), release.Include(r.root, app, s.place), release.IncludeBeside(r.root, app, s.place),
		`"` + release.Variable(app, ""), `"` + strings.TrimSuffix(release.Variable(app, ""), "_"),
	}
	return slices.ContainsFunc(names, func(name string) bool { return mentions(says, name) })
}
