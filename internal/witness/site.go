package witness

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// targetOf is the address of the site's first listener as this machine
// reaches it: "80" and wildcards become loopback.
func targetOf(site release.Site) (string, error) {
	listen := "80"
	if len(site.Listen) > 0 {
		listen = site.Listen[0]
	}
	if _, err := strconv.ParseUint(listen, 10, 16); err == nil {
		return net.JoinHostPort("127.0.0.1", listen), nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("read listen address %q: %w", listen, err)
	}
	return net.JoinHostPort(reachable(host), port), nil
}

func reachable(host string) string {
	addr, err := netip.ParseAddr(host)
	switch {
	case host == "*", host == "":
		return "127.0.0.1"
	case err == nil && addr.IsUnspecified() && addr.Is6():
		return "::1"
	case err == nil && addr.IsUnspecified():
		return "127.0.0.1"
	}
	return host
}

// hostOf is a name the site answers to; "" where it answers to any.
func hostOf(site release.Site) string {
	if len(site.Hosts) == 0 {
		return ""
	}
	if rest, wild := strings.CutPrefix(site.Hosts[0], "*."); wild {
		return "www." + rest
	}
	return site.Hosts[0]
}

// pathsOf is one cheap request target for each route.
func pathsOf(app release.App) []string {
	var paths []string
	for _, route := range app.Routes {
		paths = append(paths, pathFor(app, route))
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// pathFor is the service's health path as clients would ask for it, where the
// route leads there, else the route itself.
func pathFor(app release.App, route release.Route) string {
	service, ok := app.Service(route.To)
	if !ok || service.Health.Kind != release.HealthHTTP {
		return route.Path
	}
	public := service.Health.Path
	if route.Strip {
		public = strings.TrimSuffix(route.Path, "/") + public
	}
	if taken(app.Routes, public) == route.Path {
		return public
	}
	return route.Path
}

// taken is the path of the route that takes a request: the longest prefix, as
// nginx chooses (ngx_http_core_module, location).
func taken(routes []release.Route, target string) string {
	path, _, _ := strings.Cut(target, "?")
	longest := ""
	for _, r := range routes {
		if strings.HasPrefix(path, r.Path) && len(r.Path) > len(longest) {
			longest = r.Path
		}
	}
	return longest
}
