package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"teal/internal/release"
)

// route is the locations of one path. Each color serves it in its own way: as
// the release there has it.
type route struct {
	N           int
	Path        string
	Title       string // for the comment
	Blue, Green target
}

// routeIn is a route with what the template needs of the whole.
type routeIn struct {
	route
	View view
}

// In is called by the template.
func (r route) In(v view) routeIn { return routeIn{r, v} }

// target is what becomes of a path's requests in one color: they are passed
// on, or answered from files, or there is nothing that takes them.
type target struct {
	view  *view
	color release.Color
	route release.Route // zero where the color has nothing that takes the path
	to    string        // where they are passed on to: an upstream's name, without the ending for streams
}

// routes lists the paths of both colors, the longest first.
func (v *view) routes(in Input) []route {
	var list []route
	for i, path := range paths(in.App) {
		r := route{N: i + 1, Path: path, Blue: v.target(in, release.Blue, path), Green: v.target(in, release.Green, path)}
		r.Title = path + " to " + r.Blue.title()
		if other := r.Green.title(); other != r.Blue.title() {
			r.Title = fmt.Sprintf("%s to %s in blue, to %s in green", path, r.Blue.title(), other)
		}
		list = append(list, r)
	}
	return list
}

// paths are those of both colors' routes. What the app has beyond them is no
// release's yet.
func paths(app release.App) []string {
	var list []string
	for _, c := range release.Colors {
		for _, r := range app.ShapeIn(c).Routes {
			if !slices.Contains(list, r.Path) {
				list = append(list, r.Path)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return list
}

// target is the color's longest route that begins the path: the one that
// nginx would choose if the routes of this color were all there are.
func (v *view) target(in Input, c release.Color, path string) target {
	shape := in.App.ShapeIn(c)
	t := target{view: v, color: c}
	for _, r := range shape.Routes {
		_, there := shape.Service(r.To)
		if strings.HasPrefix(path, r.Path) && len(r.Path) > len(t.route.Path) && (there || r.Files != "") {
			t.route = r
		}
	}
	if t.Proxied() {
		svc, _ := shape.Service(t.route.To)
		t.to = passedTo(in, v.ID, svc, c)
	}
	return t
}

func (t target) title() string {
	return cmp.Or(t.route.To, t.route.Files, "nothing")
}

// Proxied reports whether requests are passed on to a service.
func (t target) Proxied() bool { return t.route.To != "" }

// Filed reports whether requests are answered from files.
func (t target) Filed() bool { return t.route.Files != "" }

// Filed reports whether files answer in both colors, so that it is nobody's
// business which one a client is sent to.
func (r route) Filed() bool {
	return r.Blue.Filed() && r.Green.Filed() && r.Blue.route.Files == r.Green.route.Files && r.Path == r.Blue.route.Path
}
