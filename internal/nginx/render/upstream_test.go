package render

import (
	"testing"

	"teal/internal/release"
)

func TestWhatStandsBehindAServiceIsItsNamesakeOrWhatItWasRenamedTo(t *testing.T) {
	route := func(path, to string) release.Route { return release.Route{Path: path, To: to} }
	stripped := func(path, to string) release.Route { return release.Route{Path: path, To: to, Strip: true} }
	front, api := release.Service{Name: "front", Port: 80}, release.Service{Name: "api", Port: 81}
	for name, tc := range map[string]struct {
		own      []release.Route // of web, in blue
		services []release.Service
		routes   []release.Route // in green
		want     string
	}{
		"its namesake":                      {[]release.Route{route("/", "web")}, []release.Service{front, {Name: "web"}}, []release.Route{route("/", "front")}, "web"},
		"what its path leads to now":        {[]release.Route{route("/", "web")}, []release.Service{api, front}, []release.Route{route("/api/", "api"), route("/", "front")}, "front"},
		"what all of its paths lead to":     {[]release.Route{route("/a/", "web"), route("/", "web")}, []release.Service{front}, []release.Route{route("/a/", "front"), route("/", "front")}, "front"},
		"nobody if its paths went apart":    {[]release.Route{route("/a/", "web"), route("/", "web")}, []release.Service{api, front}, []release.Route{route("/a/", "api"), route("/", "front")}, ""},
		"nobody if a path is gone":          {[]release.Route{route("/a/", "web"), route("/", "web")}, []release.Service{front}, []release.Route{route("/", "front")}, ""},
		"nobody who wants another path":     {[]release.Route{stripped("/a/", "web")}, []release.Service{front}, []release.Route{route("/a/", "front")}, ""},
		"nobody if the path leads to files": {[]release.Route{route("/", "web")}, []release.Service{front}, []release.Route{{Path: "/", Files: "/srv"}}, ""},
		"nobody if green is empty":          {[]release.Route{route("/", "web")}, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			app := release.App{Shapes: map[release.Color]release.Shape{
				release.Blue:  {Services: []release.Service{{Name: "web", Port: 80}}, Routes: tc.own},
				release.Green: {Services: tc.services, Routes: tc.routes},
			}}
			got, ok := standIn(app, "web", release.Blue)
			if got.Name != tc.want || ok != (tc.want != "") {
				t.Errorf("got %q %v, want %q", got.Name, ok, tc.want)
			}
		})
	}
}
