package nginx

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// fits refuses what would make a deploy into this nginx fail at the end, or
// harm others there.
func (r *Router) fits(s server, app release.App) error {
	if err := errors.Join(s.passable(r.root), r.housedWell(s, app)); err != nil {
		return err
	}
	if app.Site.Adopted != nil {
		return r.invited(s, app)
	}
	if len(app.Site.Hosts) == 0 || remains(r.conf(app.Name, s.place)) {
		return nil
	}
	if err := s.doubles(app); err != nil {
		return err
	}
	return s.usurps(app)
}

// doubles refuses hosts that another site answers for at the same address:
// nginx would warn, and go on giving it their requests.
func (s server) doubles(app release.App) error {
	for _, l := range listenings(app, s.proxy) {
		at, err := render.Address(l.at)
		if err != nil {
			return err
		}
		for _, server := range within(s.conf, "http", "server") {
			host, ok := sharedHost(server, app.Site.Hosts)
			if !ok || !server.listensAt(at) {
				continue
			}
			return &release.Error{
				Code: release.Invalid,
				What: fmt.Sprintf("another site of the %s already has the host %s at %s: the one in %s", s.name, host, l.at, cmp.Or(server.file, s.main)),
				Next: "take the host out of the other site, or out of site.hosts",
			}
		}
	}
	return nil
}

// sharedHost is the first of the hosts that the server names too.
func sharedHost(server directive, hosts []string) (string, bool) {
	for _, d := range all(server.block, "server_name") {
		for _, host := range hosts {
			if slices.Contains(d.args, host) {
				return host, true
			}
		}
	}
	return "", false
}

// listensAt reports whether the server has the address. One that names none
// has port 80 (ngx_http_core_server).
func (server directive) listensAt(at netip.AddrPort) bool {
	listens := all(server.block, "listen")
	if len(listens) == 0 {
		listens = []directive{{args: []string{"80"}}}
	}
	return slices.ContainsFunc(listens, func(l directive) bool {
		if len(l.args) == 0 {
			return false
		}
		there, err := render.Address(l.args[0])
		return err == nil && there == at
	})
}

// usurps refuses to become the default server of an address in the place of
// somebody's site: of the servers that don't ask to be, the first one is, and
// our file may stand before theirs.
func (s server) usurps(app release.App) error {
	for _, l := range listenings(app, s.proxy) {
		first, ok := s.defaultOf(l.at)
		if !ok || s.behind(first) {
			continue
		}
		return &release.Error{
			Code: release.Invalid,
			What: fmt.Sprintf("the app would become the default server of %s in the place of the site in %s", l.at, cmp.Or(first.file, s.main)),
			Next: "write default_server behind " + l.at + " in that site's listen, or name in proxy.sites a folder that is included after it",
		}
	}
	return nil
}

// defaultOf is the server that answers to unknown hosts at the address because
// it is the first; none where a server asks to be, or another app denies them.
func (s server) defaultOf(listen string) (directive, bool) {
	at, err := render.Address(listen)
	if err != nil {
		return directive{}, false
	}
	var first directive
	for _, server := range within(s.conf, "http", "server") {
		for _, l := range all(server.block, "listen") {
			if len(l.args) == 0 {
				continue
			}
			if there, err := render.Address(l.args[0]); err != nil || there != at {
				continue
			}
			if slices.Contains(l.args, "default_server") || slices.Contains(l.args, "default") {
				return directive{}, false
			}
			if first.name == "" {
				first = server
			}
		}
	}
	return first, first.name != "" && !denies(first)
}

// denies reports whether it is an app's server for hosts that are not its own.
func denies(server directive) bool {
	for _, d := range all(server.block, "server_name") {
		if len(d.args) == 1 && strings.HasSuffix(d.args[0], ".deny.invalid") {
			return true
		}
	}
	return false
}

// behind reports whether nginx reads our file after the server.
func (s server) behind(server directive) bool {
	for _, http := range all(s.conf, "http") {
		for _, d := range http.block {
			if d.name == "server" && d.file == server.file {
				return true
			}
			if d.name != "include" || len(d.args) != 1 {
				continue
			}
			pattern := under(filepath.Dir(s.main), d.args[0])
			if ours, _ := filepath.Match(pattern, s.guest); !ours {
				continue
			}
			its, _ := filepath.Match(pattern, server.file)
			return its && server.file < s.guest
		}
	}
	return true
}
