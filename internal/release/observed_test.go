package release

import (
	"slices"
	"testing"
)

func state(running bool) ColorState {
	return ColorState{Release: 1, Containers: []Container{{Service: "web", Running: running}}}
}

func TestLiveIsWhatServesClients(t *testing.T) {
	blue, green := TableFor(Blue), TableFor(Green)
	asked := []ProxyState{{Generation: "g1"}}
	for _, tc := range []struct {
		name    string
		routing Routing
		colors  map[Color]ColorState
		want    Color
	}{
		{"nothing was ever released", Routing{}, nil, None},
		{"containers without nginx serve nobody", Routing{}, map[Color]ColorState{Blue: state(true)}, None},
		{"the table says green", Routing{Known: true, Table: green}, map[Color]ColorState{Green: state(true), Blue: state(true)}, Green},
		{"the larger share of a split table", Routing{Known: true, Table: Table{Green: 95}}, map[Color]ColorState{Green: state(true), Blue: state(true)}, Green},
		{"the routed color is dead, its backup serves", Routing{Known: true, Table: blue}, map[Color]ColorState{Blue: state(false), Green: state(true)}, Green},
		{"both are dead: the routed one is to come back", Routing{Known: true, Table: blue}, map[Color]ColorState{Blue: state(false), Green: state(false)}, Blue},
		{"config without a table sends everyone to blue", Routing{Proxies: asked}, map[Color]ColorState{Blue: state(true)}, Blue},
		{"so does a table that was removed", Routing{Known: true, Table: green, OnDisk: green, Proxies: asked}, map[Color]ColorState{Blue: state(true), Green: state(true)}, Blue},
		{"and to its backup where blue is gone", Routing{Proxies: asked}, map[Color]ColorState{Green: state(true)}, Green},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Observed{Routing: tc.routing, Engine: Engine{Colors: tc.colors}}
			if got := o.Live(); got != tc.want {
				t.Errorf("%q is live, want %q", got, tc.want)
			}
		})
	}
}

func TestAColorThatLostARoutedServiceIsServedByAWholeStandby(t *testing.T) {
	services := []Service{{Name: "api", Replicas: 1}, {Name: "web", Replicas: 1}, {Name: "worker", Replicas: 1}}
	app := App{Services: services, Routes: []Route{{Path: "/api/", To: "api"}, {Path: "/", To: "web"}}}
	color := func(dead ...string) ColorState {
		s := ColorState{Release: 1}
		for _, svc := range services {
			s.Containers = append(s.Containers, Container{Service: svc.Name, Running: !slices.Contains(dead, svc.Name)})
		}
		return s
	}
	gone := color()
	gone.Containers = gone.Containers[1:] // api was removed
	renamed := ColorState{Release: 1, Containers: []Container{{Service: "site", Running: true}}}
	older := map[Color]Shape{Blue: {Services: []Service{{Name: "site", Replicas: 1}}, Routes: []Route{{Path: "/", To: "site"}}}}
	for _, tc := range []struct {
		name   string
		blue   ColorState
		green  ColorState
		shapes map[Color]Shape
		want   Color
	}{
		{"a routed service is dead", color("web"), color(), nil, Green},
		{"a worker is dead, which no client asks for", color("worker"), color(), nil, Blue},
		{"the standby lacks a service that has no clients", color("web"), color("worker"), nil, Green},
		{"the standby is cold", color("web"), color("api", "web", "worker"), nil, Blue},
		{"a container is gone, and is known to belong", gone, color(), map[Color]Shape{Blue: app.Shape()}, Green},
		{"the release may never have had the service", gone, color(), nil, Blue},
		{"the release has it under another name", renamed, color(), older, Blue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Observed{App: app, Routing: Routing{Known: true, Table: TableFor(Blue)}}
			o.Shapes, o.Engine.Colors = tc.shapes, map[Color]ColorState{Blue: tc.blue, Green: tc.green}
			if got := o.Live(); got != tc.want {
				t.Errorf("%q is live, want %q", got, tc.want)
			}
		})
	}
}

func TestInDoubtAColorCountsAsRouted(t *testing.T) {
	split := Routing{Known: true, Table: TableFor(Blue), OnDisk: TableFor(Blue), Proxies: []ProxyState{{Generation: "g1", Table: "green"}}}
	for _, c := range Colors {
		if !split.Routes(c) {
			t.Errorf("one proxy still answers another table, so %s may have clients", c)
		}
	}
	if (Routing{}).Routes(Blue) {
		t.Error("without config and table nothing is routed")
	}
}

func TestAColorIsWholeOnlyWithEveryReplicaOfOneRelease(t *testing.T) {
	services := []Service{{Name: "web", Replicas: 2}}
	two := ColorState{Release: 1, Containers: []Container{{Service: "web", Replica: 1, Running: true}, {Service: "web", Replica: 2}}}
	if !two.Whole(services) || two.Up(services) || !two.Running() {
		t.Errorf("two replicas, one running: whole %v, up %v", two.Whole(services), two.Up(services))
	}
	if one := state(true); one.Whole(services) {
		t.Error("one of two replicas passed as whole")
	}
	two.Mixed = true
	if two.Whole(services) {
		t.Error("containers of two releases passed as whole")
	}
}
