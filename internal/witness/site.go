package witness

import (
	"slices"
	"strings"

	"teal/internal/release"
)

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
