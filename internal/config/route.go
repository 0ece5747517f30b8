package config

import (
	"path/filepath"
	"strings"

	"teal/internal/release"
)

// maxRoute bounds a route's path, in bytes.
const maxRoute = 512

// routeDraft is a route and where it stands.
type routeDraft struct {
	release.Route
	at value
}

func (d *draft) routesKey() key {
	return custom("routes", func() schema { return listed(route(d.app.Dir).schema()) }, d.readRoutes,
		"Which path goes where; the longest prefix of a request's path decides. What no route covers is answered with 404.")
}

func (d *draft) readRoutes(v value) {
	v.items(func(v value) { d.routes = append(d.routes, routeDraft{route(d.app.Dir).read(v), v}) })
}

// route is {path, to} or {path, files}.
func route(dir string) kind[release.Route] {
	k := object(release.Route{}, func(r *release.Route) []key { return routeKeys(r, dir) }, nil)
	k.schema = changed(k.schema, func(s *schema) {
		s.OneOf = []schema{{Required: []string{"to"}}, {Required: []string{"files"}}}
	})
	return k
}

func routeKeys(r *release.Route, dir string) []key {
	return []key{
		set("path", &r.Path, routePath(), "A prefix of the request's path. `/api/` covers all below it.").
			must("no path: write it as {path: /, to: web}"),
		set("to", &r.To, kind[string]{
			schema: func() schema { return schema{Title: "service name", Type: "string", Pattern: serviceForm.String()} },
			read:   func(v value) string { s, _ := v.text(); return s },
		}, "The service that answers. A route has this or `files`."),
		set("files", &r.Files, beside(dir), "A folder whose files answer, whichever color is live: `/static/a.css` is the folder's `a.css`. The route's path must end with a slash."),
		set("strip", &r.Strip, toggle(), "Whether the prefix is taken off before the request is passed on: the service of `/api/` then sees `/users`, not `/api/users`."),
		set("max_body", &r.MaxBody, limit(), "How large a request's body may be.").usually("nginx's 1m"),
		set("options", &r.Options, routeOptions(), "nginx's own settings of the route."),
	}
}

// routePath is a path prefix. nginx compares it with the request's path after
// resolving dots and merging slashes, so one with those would never be met.
func routePath() kind[string] {
	k := matched("path", routeForm, "a route's path: begin with /, then letters, digits and - . _ ~ /")
	match := k.read
	k.schema = changed(k.schema, func(s *schema) { s.MaxLength = maxRoute })
	k.read = func(v value) string {
		path := match(v)
		if len(path) > maxRoute {
			v.refuse("%s: %d bytes are too many, the limit is %d", v.title(), len(path), maxRoute)
		}
		if strings.Contains(path, "//") {
			v.refuse("%s: %q has an empty part: write single slashes", v.title(), path)
		}
		for part := range strings.SplitSeq(path, "/") {
			if part == "." || part == ".." {
				v.refuse("%s: %q has a %s part: write the path it leads to", v.title(), path, part)
			}
		}
		return path
	}
	return k
}

// checkRoutes refuses routes that lead nowhere, or that are one to nginx.
func (d *draft) checkRoutes() {
	seen := map[string]int{}
	for _, r := range d.routes {
		d.checkTarget(r)
		d.checkFiles(r)
		r.checkUse()
		path := r.at.entry("path")
		if line, twice := seen[r.Path]; twice && r.Path != "" {
			path.refuse("two routes alike: %s in line %d and in line %d", r.Path, line, path.line())
			continue
		}
		if r.Path != "" {
			seen[r.Path] = path.line()
		}
	}
	d.checkBalance()
	if len(d.routes) == 0 {
		d.demandRoutes()
	}
}

// checkTarget refuses a route to a service that isn't there, has no port, or
// stands still during a deploy.
func (d *draft) checkTarget(r routeDraft) {
	to := r.at.entry("to")
	switch {
	case !to.written() && !r.at.has("files"):
		r.at.refuse("%s: it leads nowhere: write it as {path: /, to: web}", r.at.title())
	case to.written() && r.at.has("files"):
		r.at.refuse("%s: it leads to a service and to files: keep one", r.at.title())
	case !to.written() || !to.is("!!str"):
	case r.To == "":
		to.refuse("%s: it leads nowhere: name a service", to.title())
	default:
		d.checkService(r.To, to)
	}
}

func (d *draft) checkService(name string, to value) {
	for _, s := range d.services {
		if s.Name != name {
			continue
		}
		if !s.at.has("port") {
			to.refuse("%s: port missing: a route leads to service %q, so write services: {%s: {port: 8080}}", to.title(), name, name)
		}
		if s.Handoff == release.HandoffStopFirst {
			to.refuse("%s: service %q is stopped before its next release starts (handoff: stop-first), so its requests would be lost: no route may lead to it", to.title(), name)
		}
		return
	}
	to.refuse("%s: no service %q in services: %s", to.title(), name, suggest(name, d.serviceNames()))
}

// checkFiles refuses a folder that would publish more than is meant.
func (d *draft) checkFiles(r routeDraft) {
	if r.Files == "" {
		return
	}
	at := r.at.entry("files")
	// teal.yaml's neighbours are the compose files and .env.
	if rel, err := filepath.Rel(r.Files, d.app.Dir); err == nil && filepath.IsLocal(rel) {
		at.refuse("%s: everybody could read teal.yaml and what lies beside it: name a folder of its own", at.title())
	}
	// A prefix without its slash would match /static../ as well and step out
	// of the folder.
	if r.Path != "" && !strings.HasSuffix(r.Path, "/") {
		at.refuse("%s: the path of a route to files must end with a slash: write %s/", at.title(), r.Path)
	}
}

// demandRoutes refuses an app that has a port and no route: it would be
// released and never be seen.
func (d *draft) demandRoutes() {
	for _, s := range d.services {
		if s.at.has("port") {
			s.at.refuse("%s has a port, but no route leads to any service: write routes: [{path: /, to: %s}]", s.at.title(), s.Name)
			return
		}
	}
}
