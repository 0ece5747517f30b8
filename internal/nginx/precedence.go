package nginx

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// fits refuses what would make a deploy into this nginx fail at the end, or
// harm others there.
func (r *Router) fits(s server, app release.App) error {
	var err error
	if len(app.Site.Hosts) > 0 && !remains(r.conf(app.Name, s.place)) {
		err = s.usurps(app)
	}
	return errors.Join(s.passable(r.root), err)
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
