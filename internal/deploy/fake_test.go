package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"teal/internal/release"
)

// machine is a Docker engine, an nginx and a journal in memory. They keep the
// promises of ports.go and nothing more; the real ones are tested in their own
// rooms and, together, under test/e2e. What this one can do that they can't is
// to die, or to refuse, at any chosen effect.
type machine struct {
	colors    map[release.Color]*fakeColor
	table     *release.Table
	loaded    bool
	applied   release.App // what nginx was last given
	network   bool
	watching  bool
	debris    []string // what a killed teal left beside nginx's files
	asked     int      // how often the engine is still to be observed before it is gone; 0 always
	drained   int
	unhealthy map[int]bool  // releases that never get healthy
	events    []string      // effects in their order
	dieAt     int           // effect or journal entry at which the process dies; 0 never
	failAt    int           // effect that fails
	cancelAt  int           // effect at which Ctrl-C arrives
	cancel    func()        //
	n         int           // effects and entries so far
	live      release.Color // color that served when the deploy began
	violation error
	stopping  release.Color // its stop was interrupted; it ends by itself soon
	notes     []string      // of nginx

	memory release.Memory
	specs  map[int]release.Spec
	locked bool
	// deploys are all that were begun, by their numbers from 1
	deploys []release.Deploy
}

type fakeColor struct {
	release int
	running bool
	service string // by the name it was deployed under
	addr    netip.Addr
}

// died is what a kill -9 looks like from inside a test: nothing after it runs.
type died struct{}

var errInjected = errors.New("injected failure")

func newMachine() *machine {
	m := &machine{specs: map[int]release.Spec{}, unhealthy: map[int]bool{}, colors: map[release.Color]*fakeColor{release.Blue: {}, release.Green: {}}}
	m.memory.Next = 1
	return m
}

// entry counts a journal write; the process may die just after it.
func (m *machine) entry() error {
	m.n++
	if m.n == m.dieAt {
		panic(died{})
	}
	return nil
}

// effect counts an effect; it may fail, meet a Ctrl-C, or be the last thing
// that happens. Do may be half of an effect where dying comes before it.
func (m *machine) effect(ctx context.Context, name string, do func()) error {
	m.n++
	m.events = append(m.events, name)
	if m.n == m.failAt {
		return errInjected
	}
	if m.n == m.cancelAt {
		m.cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	do()
	m.check(name)
	if m.n == m.dieAt {
		panic(died{})
	}
	return nil
}

// check holds the promise: what served when the command began is replaced
// only by something that serves.
func (m *machine) check(name string) {
	if m.live == release.None || m.violation != nil || m.serving() != release.None {
		return
	}
	m.violation = fmt.Errorf("after %s nothing serves", name)
}

func (m *machine) serving() release.Color {
	if !m.loaded {
		return release.None
	}
	routed := release.Blue
	if m.table != nil && m.table.Routes(release.Green) {
		routed = release.Green
	}
	for _, c := range []release.Color{routed, routed.Other()} {
		if m.colors[c].running {
			return c
		}
	}
	return release.None
}

// Runtime

func (m *machine) Observe(context.Context, release.App) (release.Engine, error) {
	if m.asked--; m.asked == 0 {
		m.asked++
		return release.Engine{}, errInjected
	}
	e := release.Engine{Colors: map[release.Color]release.ColorState{}}
	e.Network.Exists = m.network
	e.Network.Subnet = netip.MustParsePrefix("10.208.0.0/24")
	for c, have := range m.colors {
		if have.release == 0 {
			continue
		}
		e.Colors[c] = release.ColorState{Release: have.release, Containers: []release.Container{
			{
				ID: string(c), Service: have.service, Color: c, Replica: 1, Release: have.release, Running: have.running, Image: "sha256:1",
				Addr: have.addr,
			},
		}}
	}
	return e, nil
}

func (m *machine) Load(context.Context, release.App) (release.Project, error) {
	return release.Project{Colored: []release.ProjectService{{Name: "web", Build: true}}, Shared: []release.ProjectService{{Name: "db"}}}, nil
}

func (m *machine) Prepare(_ context.Context, app release.App, number int, _ release.Network) (release.Spec, error) {
	return release.Spec{App: app.Name, Number: number}, nil
}

func (m *machine) Build(ctx context.Context, _ release.App, _ release.Spec, _ []string, say Say) error {
	return m.effect(ctx, "build", func() { say(release.EventOutput, "built") })
}

func (m *machine) Pull(ctx context.Context, _ release.App, _ release.Spec, _ []string, _ Say) error {
	return m.effect(ctx, "pull", func() {})
}

func (m *machine) Pin(ctx context.Context, _ release.App, s release.Spec) (release.Spec, error) {
	s.Images = map[string]string{"web": fmt.Sprint("sha256:", s.Number)}
	return s, m.effect(ctx, "pin", func() {})
}

func (m *machine) Present(ctx context.Context, _ release.App, _ release.Spec) error {
	return m.effect(ctx, "present", func() {})
}

func (m *machine) Network(ctx context.Context, _ release.App, _ release.Network) error {
	return m.effect(ctx, "network", func() { m.network = true })
}

func (m *machine) Shared(ctx context.Context, _ release.App, _ release.Spec, _ Say) error {
	return m.effect(ctx, "shared", func() {})
}

func (m *machine) Once(ctx context.Context, _ release.App, _ release.Spec, _ release.Color, _ release.Command, _ Say) error {
	return m.effect(ctx, "release command", func() {})
}

func (m *machine) Start(ctx context.Context, app release.App, s release.Spec, c release.Color, _ Say, _ ...string) error {
	if m.colors[c].release != 0 {
		return fmt.Errorf("%s is not empty", c)
	}
	app, err := app.As(s.Deployed)
	if err != nil {
		return err
	}
	service := app.Services[0].Name
	addr := m.memory.Network.Addr(release.Slot{Service: service, Color: c, Replica: 1})
	return m.effect(ctx, "start "+string(c), func() { *m.colors[c] = fakeColor{s.Number, true, service, addr} })
}

func (m *machine) Resume(ctx context.Context, _ release.App, _ release.Spec, c release.Color, _ Say, _ ...string) error {
	return m.effect(ctx, "resume "+string(c), func() { m.colors[c].running = true })
}

func (m *machine) Stop(ctx context.Context, _ release.App, c release.Color, _ ...string) error {
	err := m.effect(ctx, "stop "+string(c), func() { m.colors[c].running = false })
	m.stopping = release.None
	if err != nil && ctx.Err() != nil {
		m.stopping = c // Docker has been asked and goes on with it
	}
	return err
}

func (m *machine) Clear(ctx context.Context, _ release.App, c release.Color) error {
	return m.effect(ctx, "clear "+string(c), func() { *m.colors[c] = fakeColor{} })
}

func (m *machine) Vacate(ctx context.Context, app release.App, c release.Color) error {
	return m.Clear(ctx, app, c)
}

func (m *machine) Tail(context.Context, release.App, release.Color, int) ([]string, error) {
	return []string{"web-1 | last words"}, nil
}

func (m *machine) Remove(ctx context.Context, _ release.App, _ bool, _ Say) error {
	return m.effect(ctx, "remove", func() {
		for _, c := range m.colors {
			*c = fakeColor{}
		}
		m.network = false
	})
}

func (m *machine) Prune(ctx context.Context, _ release.App, _ []int) error {
	return m.effect(ctx, "prune", func() {})
}

// Prober and Witness

func (m *machine) Healthy(ctx context.Context, targets []release.Target, _ Say) error {
	bad := slices.ContainsFunc(targets, func(t release.Target) bool { return m.unhealthy[t.Container.Release] })
	if err := m.effect(ctx, "healthy", func() {}); err != nil {
		return err
	}
	if m.stopping != release.None && targets[0].Slot.Color == m.stopping {
		m.colors[m.stopping].running = false
		return &release.Error{Code: release.Gate, What: "web-1 exited with code 0"}
	}
	if bad {
		return &release.Error{Code: release.Gate, What: "web-1 never got healthy", Detail: []string{"why"}}
	}
	return nil
}

func (m *machine) Begin(context.Context, release.App, release.Front) (func() release.Witnessed, error) {
	return func() release.Witnessed { return release.Witnessed{Sent: 1, Answered: 1} }, nil
}

// Router

type fakeRouter struct{ *machine }

func (r fakeRouter) Observe(_ context.Context, app release.App, net release.Network) (release.Routing, error) {
	p := release.ProxyState{Name: "host nginx", Running: true, Configured: r.loaded, Notes: r.notes}
	if net.Subnet.IsValid() {
		p.Wanted = generationOf(app)
	}
	out := release.Routing{Known: r.table != nil, Leftovers: r.debris}
	if r.table != nil {
		out.Table, out.OnDisk = *r.table, *r.table
	}
	if r.loaded {
		p.Generation = generationOf(r.applied)
		if r.table != nil {
			p.Table = r.table.Name()
		}
	}
	out.Proxies = []release.ProxyState{p}
	return out, nil
}

func (r fakeRouter) Tidy(context.Context, release.App) error {
	r.debris = nil
	return nil
}

func (r fakeRouter) Up(ctx context.Context, _ release.App) error {
	return r.effect(ctx, "up", func() {})
}

// generationOf tells configs apart as the real one does: by what is rendered
// of the app.
func generationOf(app release.App) string {
	return fmt.Sprint(app.Site, app.ShapeIn(release.Blue), app.ShapeIn(release.Green))
}

func (r fakeRouter) Apply(ctx context.Context, app release.App, _ release.Network) error {
	return r.effect(ctx, "route", func() { r.loaded, r.applied = true, app })
}

func (r fakeRouter) Shift(ctx context.Context, _ release.App, t release.Table) error {
	return r.effect(ctx, "shift "+t.Name(), func() { r.table = &t })
}

func (r fakeRouter) Confirm(ctx context.Context, _ release.App, t release.Table) error {
	return r.effect(ctx, "confirm "+t.Name(), func() {})
}

func (r fakeRouter) Drain(ctx context.Context, _ release.App, _ release.Network, _ release.Color, _ release.DrainLimits, _ Say) (release.Drained, error) {
	return release.Drained{Began: 2}, r.effect(ctx, "drain", func() { r.drained++ })
}

func (r fakeRouter) Watch(_ context.Context, _ release.App, on bool) error {
	r.watching = on
	return nil
}

// Front tells sites with different first addresses apart.
func (r fakeRouter) Front(_ context.Context, app release.App) (release.Front, error) {
	return release.Front{Addr: netip.MustParseAddrPort("127.0.0.1:80"), Host: strings.Join(app.Site.Listen, " ")}, nil
}

func (r fakeRouter) Traffic(context.Context, release.App, release.Network) (release.Traffic, error) {
	return release.Traffic{Requests: 7}, nil
}

func (r fakeRouter) Remove(ctx context.Context, _ release.App) error {
	return r.effect(ctx, "unroute", func() {
		r.loaded, r.table = false, nil
		r.live = release.None
	})
}
