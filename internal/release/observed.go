package release

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Observed is everything a plan is made from, asked once.
type Observed struct {
	App      App
	Project  Project // zero unless the goal needs the compose files
	Engine   Engine
	Routing  Routing
	Network  Network   // from the journal; zero before the first deploy
	Releases []Release // newest first
	Unended  *Deploy   // the newest deploy that was begun and never ended
	Older    []Deploy  // others that never ended, the newest first
	Next     int       // the number the next release gets
	Rebuilt  bool      // the journal knew nothing: Releases, Network and Next are from containers' labels
	// Shapes are those of the releases that stand in the colors, as far as they
	// were written down.
	Shapes map[Color]Shape
}

// Summary says in a few words what is live.
func (o Observed) Summary() string {
	live := o.Live()
	if live == None && o.Routing.Adopted && o.Routing.Loaded() {
		return "nothing of " + o.App.Name + " is live, what served its site before does"
	}
	if live == None {
		return "nothing of " + o.App.Name + " is live"
	}
	switch {
	case !o.Engine.Colors[live].Running():
		return fmt.Sprintf("nginx routes to %s, which does not run", live)
	case o.Routing.Down():
		return fmt.Sprintf("release %d waits for clients in %s, but nginx does not run", o.ReleaseIn(live), live)
	}
	return fmt.Sprintf("release %d is live in %s", o.ReleaseIn(live), live)
}

// Live is the color that serves clients, None when nothing does: before the
// first release, or after a down. It is the color nginx routes to, unless that
// one is dead, or has lost a routed service, while the other runs: then nginx's
// backup servers answer from the other, and stopping it would end the service,
// whatever else that one lacks.
func (o Observed) Live() Color {
	routed := o.Routed()
	if routed == None || !o.lame(routed) {
		return routed
	}
	other := o.Engine.Colors[routed.Other()]
	if !other.Running() {
		return routed
	}
	if o.Engine.Colors[routed].Running() && o.lame(routed.Other()) {
		return routed // neither answers every route
	}
	return routed.Other()
}

// ShapeIn is the shape of the release that stands in the color, the app's own
// where that was not written down.
func (o Observed) ShapeIn(c Color) Shape {
	if s, ok := o.Shapes[c]; ok {
		return s
	}
	return o.App.Shape()
}

// lame reports whether the color doesn't run, or has a routed service of which
// no replica does. A service that was not written down with the release may
// have come to teal.yaml later: of it, only stopped containers are evidence.
func (o Observed) lame(c Color) bool {
	state, shape := o.Engine.Colors[c], o.ShapeIn(c)
	if !state.Running() {
		return true
	}
	_, sure := o.Shapes[c]
	return slices.ContainsFunc(shape.Services, func(s Service) bool {
		return shape.Routed(s.Name) && (sure || state.has(s.Name)) && !state.runs(s.Name)
	})
}

// Routed is the color most clients are sent to, whether it runs or not. It is
// nginx's own answer where it gives one, else the table on disk, which is what
// it will route by once it runs. A config that is loaded while no table is set,
// or the one set is gone, sends everyone to blue; one of an adopted site to what
// served before.
func (o Observed) Routed() Color {
	switch {
	case o.Routing.blind():
		return Blue
	case !o.Routing.Known:
		return None
	case o.Routing.Table.Green*2 > Buckets:
		return Green
	}
	return Blue
}

// Unfinished are the deploys that were begun and never ended, the newest first.
func (o Observed) Unfinished() []Deploy {
	if o.Unended == nil {
		return nil
	}
	return append([]Deploy{*o.Unended}, o.Older...)
}

// ReleaseIn is the number of the release whose containers are in the color.
func (o Observed) ReleaseIn(c Color) int { return o.Engine.Colors[c].Release }

// Stands reports whether a color holds containers of the release.
func (o Observed) Stands(number int) bool {
	return slices.ContainsFunc(Colors, func(c Color) bool { return o.ReleaseIn(c) == number })
}

// WasLive reports whether the release in the color has been live.
func (o Observed) WasLive(c Color) bool {
	return slices.ContainsFunc(o.Releases, func(r Release) bool { return r.Number == o.ReleaseIn(c) && r.WasLive() })
}

// ColorOf is the color that holds the release's containers, else the one its
// deploy was to bring it in.
func (o Observed) ColorOf(number int) Color {
	for _, c := range Colors {
		if o.ReleaseIn(c) == number {
			return c
		}
	}
	for _, r := range o.Releases {
		if r.Number == number {
			return r.Color
		}
	}
	return None
}

// Engine is what Docker says.
type Engine struct {
	Version string
	Colors  map[Color]ColorState
	Shared  []Container
	Network NetworkState
	Taken   []netip.Prefix // subnets in use on this machine: Docker's networks and the routing table
}

// NetworkState is the app's network as Docker has it.
type NetworkState struct {
	Exists bool
	Subnet netip.Prefix
}

// ColorState is what runs, or lies stopped, in a color.
type ColorState struct {
	Release    int  // from the containers' labels; the highest if they disagree
	Mixed      bool // containers of more than one release
	Containers []Container
}

// Empty reports whether the color has no containers at all.
func (s ColorState) Empty() bool { return len(s.Containers) == 0 }

// Running reports whether at least one container runs.
func (s ColorState) Running() bool {
	for _, c := range s.Containers {
		if c.Running {
			return true
		}
	}
	return false
}

// has reports whether the service has a container, running or not.
func (s ColorState) has(service string) bool {
	return slices.ContainsFunc(s.Containers, func(c Container) bool { return c.Service == service })
}

// runs reports whether a replica of the service does.
func (s ColorState) runs(service string) bool {
	return slices.ContainsFunc(s.Containers, func(c Container) bool { return c.Service == service && c.Running })
}

// Whole reports whether all of the app's colored services have all their
// replicas in this color, from one release, running or not.
func (s ColorState) Whole(services []Service) bool {
	if s.Mixed {
		return false
	}
	have := map[string]int{}
	for _, c := range s.Containers {
		have[c.Service]++
	}
	for _, svc := range services {
		if have[svc.Name] != svc.Replicas {
			return false
		}
	}
	return true
}

// Up reports whether the services have all their replicas in this color, from
// one release, and each runs.
func (s ColorState) Up(services []Service) bool {
	if !s.Whole(services) {
		return false
	}
	for _, c := range s.Containers {
		asked := slices.ContainsFunc(services, func(svc Service) bool { return svc.Name == c.Service })
		if asked && !c.Running {
			return false
		}
	}
	return true
}

// Container is one container of an app.
type Container struct {
	ID       string
	Name     string
	Service  string // as in the compose file, without the color
	Color    Color  // None for a shared service
	Replica  int
	Release  int
	Addr     netip.Addr // its slot address
	Running  bool
	Status   string // Docker's state: created, running, restarting, exited, dead …
	Health   string // "", starting, healthy, unhealthy
	ExitCode int
	OOM      bool // the kernel killed it for memory
	Restarts int
	Started  time.Time
	Finished time.Time
	PID      int      // on the host, 0 when not running
	Image    string   // image ID
	HasCheck bool     // the image or compose file has a HEALTHCHECK
	Check    []string // its argument vector, CMD or CMD-SHELL first, as Docker stores it
}

// Routing is what nginx says.
type Routing struct {
	Known     bool  // a table is set for this app
	Adopted   bool  // an adopted site: without a table, what served before serves
	Table     Table // as the proxies answer, or as it is on disk where none runs
	OnDisk    Table // the table the symlink names
	Proxies   []ProxyState
	Leftovers []string // what a killed teal has left: files beside the app's own, rules of the kernel's
}

// Loaded reports whether a proxy answers for this app at all.
func (r Routing) Loaded() bool {
	return slices.ContainsFunc(r.Proxies, func(p ProxyState) bool { return p.Generation != "" })
}

// Down reports whether there are proxies and none of them runs.
func (r Routing) Down() bool {
	return len(r.Proxies) > 0 && !slices.ContainsFunc(r.Proxies, func(p ProxyState) bool { return p.Running })
}

// blind reports whether the app is served and no proxy sees a table, whatever
// the symlink names.
func (r Routing) blind() bool {
	return !r.Adopted && r.Loaded() && !slices.ContainsFunc(r.Proxies, func(p ProxyState) bool { return p.Table != "" })
}

// Routes reports whether a client may be sent to c, by the table on disk or
// by what any proxy answers. In doubt it says yes.
func (r Routing) Routes(c Color) bool {
	if r.Known && (r.Table.Routes(c) || r.OnDisk.Routes(c)) {
		return true
	}
	for _, p := range r.Proxies {
		if t, err := ParseTable(p.Table); err == nil && t.Routes(c) {
			return true
		}
	}
	return r.blind() && c == Blue
}

// Notes are those of the proxies, each once.
func (r Routing) Notes() []string {
	var list []string
	for _, p := range r.Proxies {
		for _, text := range p.Notes {
			if !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
	}
	return list
}

// Ready reports whether every proxy runs the wanted config and sees the table
// on disk.
func (r Routing) Ready() bool {
	if len(r.Proxies) == 0 {
		return false
	}
	for _, p := range r.Proxies {
		if !p.Current() {
			return false
		}
	}
	return true
}

// Written reports whether every proxy that runs the wanted config also has it
// on its disk, for its next start.
func (r Routing) Written() bool {
	return !slices.ContainsFunc(r.Proxies, func(p ProxyState) bool { return !p.Configured })
}

// ProxyState is one nginx of the chain.
type ProxyState struct {
	Name       string
	Version    string
	Running    bool
	Owned      bool // teal makes it run: its own nginx, or a shared service of the app
	PID        int
	Absent     *Error   // why it doesn't run and what starts it; nil where it runs
	Blocked    *Error   // why it can't take the app in; nil where it can
	Notes      []string // what a person should know of it, though it keeps nothing from going on
	Broken     string   // output of nginx -t when its config, ours left out, does not pass; "" when fine
	Configured bool     // the wanted config is written
	Generation string   // the config generation it answers; "" if it doesn't answer
	Wanted     string   // the generation of the config as it would be rendered now
	Table      string   // the table name it answers; "" if it doesn't answer
}

// Current reports whether the proxy serves the wanted config.
func (p ProxyState) Current() bool { return p.Running && p.Generation == p.Wanted && p.Wanted != "" }
