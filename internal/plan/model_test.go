package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"teal/internal/release"

	"pgregory.net/rapid"
)

// world is a model of Docker, nginx and the journal, small enough to be
// obviously right: it applies a step and says which invariant that breaks.
type world struct {
	app       release.App
	colors    map[release.Color]*slot
	known     bool          // a table is set
	table     release.Table // on disk
	seen      release.Table // last confirmed by nginx
	unsure    bool          // shifted since the last confirm
	loaded    bool          // nginx has the app's config
	proxyUp   bool
	network   bool
	gone      bool
	releases  []release.Release
	next      int
	drained   map[release.Color]bool
	gated     map[release.Color]bool
	hadServer bool // a healthy color served when the plan began
	hadWhole  bool // every routed service answered when the plan began
}

// slot is one color: its release (0: empty), whether it runs, whether it does
// so without its web, and whether its scheduler, which must never run in both,
// does.
type slot struct {
	release int
	running bool
	limp    bool
	beat    bool
}

// beat is that scheduler.
var beat = release.Service{Name: "beat", Replicas: 1, Handoff: release.HandoffStopFirst, Health: release.Health{Answers: 3, Timeout: time.Minute}}

var testServices = []release.Service{
	{Name: "api", Port: 8080, Replicas: 1, Health: release.Health{Answers: 3, Timeout: time.Minute}},
	{Name: "web", Port: 3000, Replicas: 2, Health: release.Health{Answers: 3, Timeout: time.Minute}},
	{Name: "worker", Replicas: 1, Health: release.Health{Answers: 3, Timeout: time.Minute}},
}

func testApp() release.App {
	return release.App{
		Name: "voda", Services: testServices,
		Routes:  []release.Route{{Path: "/api/", To: "api"}, {Path: "/", To: "web"}},
		Proxies: []release.Proxy{{Kind: release.ProxyStandalone}},
		Policy: release.Policy{
			Drain:   release.DrainLimits{Timeout: 30 * time.Second, Streams: 5 * time.Minute},
			Standby: release.StandbyCold, Keep: 3,
		},
	}
}

// anyWorld draws a world a person or a crash can leave behind: any release in
// any color, running or not, routed or not.
func anyWorld(t *rapid.T) *world {
	w := &world{
		app: testApp(), colors: map[release.Color]*slot{}, next: 1,
		proxyUp: rapid.Bool().Draw(t, "proxyUp"), network: rapid.Bool().Draw(t, "network"),
	}
	w.app.Policy.Standby = rapid.SampledFrom([]release.Standby{release.StandbyCold, release.StandbyWarm, release.StandbyNone}).Draw(t, "standby")
	if rapid.Bool().Draw(t, "scheduler") {
		w.app.Services = append(slices.Clone(testServices), beat)
	}
	for _, c := range release.Colors {
		s := &slot{}
		if rapid.Bool().Draw(t, string(c)+" filled") {
			s.release, s.running = w.history(t), rapid.Bool().Draw(t, string(c)+" running")
			s.limp = s.running && rapid.IntRange(0, 3).Draw(t, string(c)+" limp") == 0
			s.beat = s.running && len(w.app.Services) > len(testServices) && rapid.Bool().Draw(t, string(c)+" beat") && (w.colors[release.Blue] == nil || !w.colors[release.Blue].beat)
		}
		w.colors[c] = s
	}
	w.network = w.network || w.colors[release.Blue].running || w.colors[release.Green].running
	w.known = rapid.Bool().Draw(t, "known")
	if w.known {
		w.table = release.Table{Green: rapid.SampledFrom([]int{0, 0, 0, 5, 50, 95, 100, 100, 100}).Draw(t, "table")}
	}
	w.loaded = w.proxyUp && rapid.Bool().Draw(t, "loaded")
	w.seen = w.table
	w.begin()
	return w
}

// history adds a release that was once live to the journal.
func (w *world) history(t *rapid.T) int {
	n := w.next
	w.next++
	state := rapid.SampledFrom([]release.State{release.StateReplaced, release.StateReplaced, release.StateFailed}).Draw(t, "state")
	w.releases = slices.Insert(w.releases, 0, release.Release{Number: n, State: state, Kept: true, Images: map[string]string{"web": "sha256:1"}})
	return n
}

func (w *world) begin() {
	w.drained, w.gated = map[release.Color]bool{}, map[release.Color]bool{}
	w.hadServer = w.serving() != release.None
	w.hadWhole = w.hadServer && w.colors[w.serving()].whole()
}

// answersAll reports whether nginx has a running server for every route: in
// the color routed to, or in its backup.
func (w *world) answersAll() bool {
	blue, green := w.colors[release.Blue], w.colors[release.Green]
	return w.loaded && (blue.whole() || green.whole())
}

func (s *slot) whole() bool { return s.running && !s.limp }

// observed is the world as Observe would return it. To ask nginx is to
// confirm: what it answers, it has seen.
func (w *world) observed() release.Observed {
	if w.loaded {
		w.seen, w.unsure = w.table, false
	}
	o := release.Observed{App: w.app, Releases: w.releases, Next: w.next}
	o.Network = release.Network{Subnet: netip.MustParsePrefix("10.208.0.0/24")}
	o.Engine.Network.Exists = w.network
	o.Engine.Colors = map[release.Color]release.ColorState{}
	for c, s := range w.colors {
		o.Engine.Colors[c] = w.containers(c, s)
	}
	o.Project.Colored = []release.ProjectService{{Name: "api", Build: true}, {Name: "web", Image: "web", Present: true}, {Name: "worker", Image: "w"}}
	o.Project.Shared = []release.ProjectService{{Name: "db"}}
	o.Routing = w.routing()
	return o
}

func (w *world) routing() release.Routing {
	p := release.ProxyState{Name: standalone, Owned: true, Running: w.proxyUp, Wanted: "g1", Configured: w.loaded}
	if w.loaded {
		p.Generation = "g1"
		if w.known {
			p.Table = w.table.Name()
		}
	}
	return release.Routing{Known: w.known, Table: w.table, OnDisk: w.table, Proxies: []release.ProxyState{p}}
}

func (w *world) containers(c release.Color, s *slot) release.ColorState {
	if s.release == 0 {
		return release.ColorState{}
	}
	state := release.ColorState{Release: s.release}
	for _, svc := range w.app.Services {
		for r := 1; r <= svc.Replicas; r++ {
			state.Containers = append(state.Containers, release.Container{
				ID: fmt.Sprintf("%s%d", svc.Name, r), Service: svc.Name, Color: c, Replica: r, Release: s.release, Running: s.runs(svc.Name),
			})
		}
	}
	return state
}

func (s *slot) runs(service string) bool {
	switch {
	case service == beat.Name:
		return s.beat
	case service == "web" && s.limp:
		return false
	}
	return s.running
}

// routes reports whether nginx may send a client to c right now: by the table
// on disk, or by the one it was last known to see.
func (w *world) routes(c release.Color) bool { return w.loaded && w.wouldRoute(c) }

func (w *world) wouldRoute(c release.Color) bool {
	if !w.known {
		return c == release.Blue
	}
	return w.table.Routes(c) || (w.unsure && w.seen.Routes(c))
}

// serving is the color that answers clients now.
func (w *world) serving() release.Color {
	if !w.loaded {
		return release.None
	}
	return w.server()
}

// server is the color that answers most clients where nginx runs: routed and
// running, or running as the backup of a routed one that is dead.
func (w *world) server() release.Color {
	colors := slices.Clone(release.Colors)
	slices.SortStableFunc(colors, func(a, b release.Color) int { return w.table.Share(b) - w.table.Share(a) })
	for _, c := range colors {
		if w.wouldRoute(c) && w.colors[c].running && !(w.colors[c].limp && w.colors[c.Other()].whole()) {
			return c
		}
	}
	for _, c := range colors {
		if w.wouldRoute(c.Other()) && w.colors[c].running {
			return c
		}
	}
	return release.None
}

// apply has the effect of a step and returns the invariant it breaks.
func (w *world) apply(s release.Step) error {
	if err := w.effect(s); err != nil {
		return fmt.Errorf("%s %s: %w", s.Kind, s.Subject, err)
	}
	if w.hadServer && !w.gone && w.serving() == release.None {
		return fmt.Errorf("%s %s: nothing serves any more", s.Kind, s.Subject)
	}
	if w.hadWhole && !w.gone && !w.answersAll() {
		return fmt.Errorf("%s %s: a route has no server any more", s.Kind, s.Subject)
	}
	return nil
}

func (w *world) effect(s release.Step) error {
	switch s.Kind {
	case release.StepNetwork:
		w.network = true
	case release.StepStart, release.StepResume:
		return w.run(s)
	case release.StepClear, release.StepStop:
		return w.end(s)
	case release.StepHealthy:
		w.gated[s.Color] = w.colors[s.Color].whole()
	case release.StepProxy:
		w.proxyUp = true
	case release.StepRoute:
		w.loaded = true
	case release.StepShift:
		return w.shift(s)
	case release.StepConfirm:
		return w.confirm(s)
	case release.StepDrain:
		w.drained[s.Color] = true
	case release.StepUnroute:
		w.loaded, w.known, w.gone = false, false, true
	case release.StepRemove:
		return w.remove()
	case release.StepPrune:
		return w.prune(s)
	}
	return nil
}

func (w *world) run(s release.Step) error {
	c := w.colors[s.Color]
	if err := w.runBeat(s); err != nil || slices.Equal(s.Services, []string{beat.Name}) {
		return err
	}
	if s.Kind == release.StepStart && c.release != 0 {
		return fmt.Errorf("%s is not empty", s.Color)
	}
	if s.Kind == release.StepResume && (c.release != s.Release || c.whole()) {
		return fmt.Errorf("release %d does not lie stopped in %s", s.Release, s.Color)
	}
	if !w.network {
		return fmt.Errorf("no network")
	}
	if w.hadServer && w.routes(s.Color) && w.serving() != s.Color {
		return fmt.Errorf("clients are sent to %s before its gate", s.Color)
	}
	c.release, c.running, c.limp = s.Release, true, false
	return nil
}

// runBeat starts the scheduler, if the step is about it.
func (w *world) runBeat(s release.Step) error {
	all := s.Services == nil && len(w.app.Services) > len(testServices)
	if !all && !slices.Contains(s.Services, beat.Name) {
		return nil
	}
	if w.colors[s.Color.Other()].beat {
		return fmt.Errorf("two schedulers run")
	}
	if !all && w.colors[s.Color].release != s.Release {
		return fmt.Errorf("%s has release %d, not %d", s.Color, w.colors[s.Color].release, s.Release)
	}
	w.colors[s.Color].beat = true
	return nil
}

func (w *world) end(s release.Step) error {
	c := w.colors[s.Color]
	if slices.Equal(s.Services, []string{beat.Name}) {
		c.beat = false // no client asks for it
		return nil
	}
	if c.running && w.routes(s.Color) {
		return fmt.Errorf("%s may still be routed to", s.Color)
	}
	if c.running && w.loaded && !w.drained[s.Color] {
		return fmt.Errorf("%s is not drained", s.Color)
	}
	c.running, c.limp, c.beat = false, false, false
	if s.Kind == release.StepClear {
		c.release = 0
	}
	return nil
}

func (w *world) shift(s release.Step) error {
	if sum := s.Table.Share(release.Blue) + s.Table.Share(release.Green); sum != release.Buckets {
		return fmt.Errorf("shares add up to %d", sum)
	}
	for _, c := range release.Colors {
		everythingIsDead := w.server() == release.None
		serves := w.server() == c || (w.wouldRoute(c) && w.colors[c].running)
		if s.Table.Routes(c) && !w.gated[c] && !serves && !everythingIsDead {
			return fmt.Errorf("%s gets clients without a gate", c)
		}
	}
	if !w.unsure {
		w.seen = w.table
	}
	w.table, w.known, w.unsure = *s.Table, true, true
	return nil
}

func (w *world) confirm(s release.Step) error {
	if !w.loaded {
		return fmt.Errorf("no proxy can answer")
	}
	if !w.known || w.table != *s.Table {
		return fmt.Errorf("the table is not %s", s.Table.Name())
	}
	w.seen, w.unsure = w.table, false
	if s.Release > 0 {
		w.setLive(s.Release, s.Color)
	}
	return nil
}

func (w *world) setLive(n int, c release.Color) {
	for i, r := range w.releases {
		switch {
		case r.Number == n:
			w.releases[i].State, w.releases[i].Color = release.StateLive, c
		case r.State == release.StateLive && r.Number > n:
			w.releases[i].State = release.StateWithdrawn
		case r.State == release.StateLive:
			w.releases[i].State = release.StateReplaced
		}
	}
}

func (w *world) remove() error {
	if w.loaded {
		return fmt.Errorf("nginx still has the app")
	}
	for _, c := range w.colors {
		*c = slot{}
	}
	w.network = false
	return nil
}

func (w *world) prune(s release.Step) error {
	for i, r := range w.releases {
		if slices.Contains(s.Keep, r.Number) {
			continue
		}
		for c, state := range w.colors {
			if state.release == r.Number && w.routes(c) {
				return fmt.Errorf("release %d is live in %s", r.Number, c)
			}
		}
		w.releases[i].Images, w.releases[i].Kept = nil, false
	}
	return nil
}

// opened is what the journal does when a deploy begins.
func (w *world) opened(p Plan) {
	if p.Kind == release.KindDeploy {
		w.releases = slices.Insert(w.releases, 0, release.Release{
			Number: p.Release, Color: p.Color, State: release.StateStarting, Kept: true, Images: map[string]string{"web": "sha256:1"},
		})
		w.next = p.Release + 1
	}
}
