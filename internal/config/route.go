package config

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"teal/internal/release"
)

// maxRoute bounds a route's path, in bytes.
const maxRoute = 512

// routeDraft is a route and where it stands.
type routeDraft struct {
	release.Route
	at, path, to value
}

func (d *draft) readRoutes(v value) {
	v.items(func(v value) {
		r := routeDraft{at: v}
		v.object(fields{
			"path":     func(v value) { r.path, r.Path = v, readRoutePath(v) },
			"to":       func(v value) { r.to = v; r.To, _ = v.text() },
			"strip":    func(v value) { r.Strip = v.truth() },
			"max_body": func(v value) { r.MaxBody = readSize(v) },
		})
		d.routes = append(d.routes, r)
	})
}

// readRoutePath reads a path prefix. nginx compares it with the request's path
// after resolving dots and merging slashes, so one with those would never be
// met.
func readRoutePath(v value) string {
	path, ok := v.match(routeForm, "a route's path: begin with /, then letters, digits and - . _ ~ /")
	if !ok {
		return ""
	}
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

// sizeForm is a number of bytes as nginx writes it.
var sizeForm = regexp.MustCompile(`^([1-9][0-9]*)([kKmMgG]?)$`)

// readSize reads bytes, 64k, 50m, 1g, or unlimited (-1). Zero is refused: to
// nginx it means no limit, to a reader no body.
func readSize(v value) int64 {
	if v.is("!!str") && v.node.Value == "unlimited" {
		return -1
	}
	part := sizeForm.FindStringSubmatch(v.node.Value)
	if part == nil || !v.is("!!int") && !v.is("!!str") {
		v.refuse("%s: want a size, not %s: write 64k, 50m, 1g or unlimited", v.title(), v.kind())
		return 0
	}
	shift := map[string]int{"": 0, "k": 10, "m": 20, "g": 30}[strings.ToLower(part[2])]
	n, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		v.refuse("%s: %.40s is too large: write unlimited", v.title(), v.node.Value)
		return 0
	}
	return n << shift
}

// checkRoutes refuses routes that lead nowhere, or that are one to nginx.
func (d *draft) checkRoutes() {
	seen := map[string]int{}
	for _, r := range d.routes {
		d.checkTarget(r)
		if r.path.node == nil {
			r.at.refuse("%s: no path: write it as {path: /, to: web}", r.at.title())
			continue
		}
		if line, twice := seen[r.Path]; twice && r.Path != "" {
			r.path.refuse("two routes alike: %s in line %d and in line %d", r.Path, line, r.path.line())
			continue
		}
		seen[r.Path] = r.path.line()
	}
	if len(d.routes) == 0 {
		d.demandRoutes()
	}
}

// checkTarget refuses a route to a service that isn't there or has no port.
func (d *draft) checkTarget(r routeDraft) {
	if r.to.node == nil {
		r.at.refuse("%s: it leads nowhere: write it as {path: /, to: web}", r.at.title())
		return
	}
	if r.To == "" {
		if r.to.is("!!str") {
			r.to.refuse("%s: it leads nowhere: name a service", r.to.title())
		}
		return
	}
	var known []string
	for _, s := range d.services {
		if s.Name == r.To {
			if !s.at.has("port") {
				r.to.refuse("%s: port missing: a route leads to service %q, so write services: {%s: {port: 8080}}", r.to.title(), r.To, r.To)
			}
			return
		}
		known = append(known, s.Name)
	}
	r.to.refuse("%s: no service %q in services: %s", r.to.title(), r.To, suggest(r.To, known))
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
