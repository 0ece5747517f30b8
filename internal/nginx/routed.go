package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// routed is an app as its configuration on disk has it, which may be another
// than teal.yaml has by now.
type routed struct {
	app        string
	listen     []string
	hosts      []string
	generation string
}

// routed lists the apps in the nginx of that kind.
func (r *Router) routed(k release.ProxyKind) ([]routed, error) {
	paths, err := r.confs(k)
	if err != nil {
		return nil, err
	}
	var list []routed
	for _, path := range paths {
		a, ok, err := r.read(filepath.Base(filepath.Dir(path)), k)
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
func (r *Router) read(app string, k release.ProxyKind) (routed, bool, error) {
	conf, err := readConf(r.conf(app, k))
	if errors.Is(err, fs.ErrNotExist) {
		return routed{app: app}, false, nil
	}
	if err != nil {
		return routed{}, false, fmt.Errorf("read the app's nginx configuration: %w", err)
	}
	a := routed{app: app}
	servers := all(conf, "server")
	if len(servers) == 0 {
		return a, true, nil
	}
	site := servers[len(servers)-1].block // before it there may be the one that denies
	for _, d := range all(site, "listen") {
		a.listen = append(a.listen, d.args[0])
	}
	for _, d := range all(site, "server_name") {
		a.hosts = d.args
	}
	if len(a.hosts) == 1 && a.hosts[0] == "_" {
		a.hosts = nil
	}
	for _, d := range within(site, "location", "add_header") {
		if d.args[0] == render.GenerationHeader {
			a.generation = d.args[1]
		}
	}
	return a, true, nil
}

// ports are the ports of all the apps' addresses.
func ports(apps []routed) map[uint16]bool {
	set := map[uint16]bool{}
	for _, a := range apps {
		for _, l := range a.listen {
			if at, err := render.Address(l); err == nil {
				set[at.Port()] = true
			}
		}
	}
	return set
}
