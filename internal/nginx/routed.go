package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// routed is an app as its configuration on disk has it, which may be another
// than teal.yaml has by now.
type routed struct {
	app        string
	listen     []listening
	hosts      []string
	generation string
	keeps      bool // exiting workers leave its idle connections open
	adopted    bool // its server blocks are somebody's own
	leads      bool // adopted: its connections can be closed in the open
}

// listening is an address that the site listens on.
type listening struct {
	at  string // as in the listen directive
	tls bool
}

// listenings are those of the app in a proxy.
func listenings(app release.App, p release.Proxy) []listening {
	var list []listening
	for _, l := range app.ListenOf(p) {
		list = append(list, listening{l, false})
	}
	if t := app.TLSOf(p); t != nil {
		for _, l := range t.Listen {
			list = append(list, listening{l, true})
		}
	}
	return list
}

func (a routed) addresses() []string {
	var list []string
	for _, l := range a.listen {
		list = append(list, l.at)
	}
	return list
}

// routed lists the apps in the nginx of that place.
func (r *Router) routed(place string) ([]routed, error) {
	paths, err := r.confs(place)
	if err != nil {
		return nil, err
	}
	var list []routed
	for _, path := range paths {
		a, ok, err := r.read(filepath.Base(filepath.Dir(path)), place)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, a)
		}
	}
	return list, nil
}

// read reads the configuration of one app, if there is one.
func (r *Router) read(app, place string) (routed, bool, error) {
	conf, err := readConf(r.conf(app, place))
	if errors.Is(err, fs.ErrNotExist) {
		return routed{app: app}, false, nil
	}
	if err != nil {
		return routed{}, false, fmt.Errorf("read the app's nginx configuration: %w", err)
	}
	if a, ok, err := r.readAdopted(app, place); ok || err != nil {
		return a, ok, err
	}
	a := routed{app: app}
	for _, server := range all(conf, "server") {
		a.add(server.block)
	}
	return a, true, nil
}

// readAdopted reads that of an adopted site, which has no server to tell where
// it answers.
func (r *Router) readAdopted(app, place string) (routed, bool, error) {
	text, err := os.ReadFile(r.conf(app, place))
	if err != nil {
		return routed{}, false, fmt.Errorf("read the app's nginx configuration: %w", err)
	}
	asked, generation, ok := render.ParseAsked(string(text))
	a := routed{app: app, hosts: asked.Hosts, generation: generation, keeps: asked.Keeps, adopted: ok, leads: asked.Leads}
	for _, at := range asked.Plain {
		a.listen = append(a.listen, listening{at, false})
	}
	for _, at := range asked.Secure {
		a.listen = append(a.listen, listening{at, true})
	}
	return a, ok, nil
}

// add takes over what one server of the app says. There may be one before the
// site's that denies other hosts, and one that leads to HTTPS.
func (a *routed) add(server []directive) {
	for _, d := range all(server, "listen") {
		l := listening{d.args[0], slices.Contains(d.args[1:], "ssl")}
		if !slices.Contains(a.listen, l) {
			a.listen = append(a.listen, l)
		}
	}
	for _, d := range within(server, "location", "add_header") {
		if d.args[0] == render.GenerationHeader {
			a.generation = d.args[1]
			a.hosts = hostsOf(server)
		}
	}
	a.keeps = a.keeps || len(all(server, "keepalive_min_timeout")) > 0
}

func hostsOf(server []directive) []string {
	for _, d := range all(server, "server_name") {
		if len(d.args) > 0 && d.args[0] != "_" {
			return d.args
		}
	}
	return nil
}

// ports are the ports of all the apps' addresses.
func ports(apps []routed) map[uint16]bool {
	set := map[uint16]bool{}
	for _, a := range apps {
		for _, l := range a.listen {
			if at, err := render.Address(l.at); err == nil {
				set[at.Port()] = true
			}
		}
	}
	return set
}
