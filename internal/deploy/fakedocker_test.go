package deploy

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"teal/internal/release"
)

// The container engine of a machine, its prober and its witness.

func (m *machine) Observe(context.Context, release.App) (release.Engine, error) {
	e := release.Engine{Colors: map[release.Color]release.ColorState{}}
	if m.asked--; m.asked == 0 {
		m.asked++
		return e, errInjected
	}
	if err := m.down("docker"); err != nil {
		return e, err
	}
	e.Network.Exists, e.Network.Subnet = m.network, netip.MustParsePrefix("10.208.0.0/24")
	for c, have := range m.colors {
		state := release.ColorState{Release: have.release()}
		for _, one := range have.containers {
			state.Mixed = state.Mixed || one.release != state.Release
			state.Containers = append(state.Containers, release.Container{
				ID: fmt.Sprint(c, one.service, one.replica), Service: one.service, Color: c, Replica: one.replica, Release: one.release,
				Running: one.running, Image: "sha256:1", Addr: one.addr,
			})
		}
		if len(state.Containers) > 0 {
			e.Colors[c] = state
		}
	}
	if m.database {
		e.Shared = []release.Container{{ID: "db", Service: "db", Running: m.shared}}
	}
	return e, nil
}

func (m *machine) Load(context.Context, release.App) (release.Project, error) {
	return release.Project{Colored: []release.ProjectService{{Name: "web", Build: true}}, Shared: []release.ProjectService{{Name: "db"}}}, m.down("docker")
}

func (m *machine) Prepare(_ context.Context, app release.App, number int, _ release.Network) (release.Spec, error) {
	return release.Spec{App: app.Name, Number: number}, nil
}

func (m *machine) Build(ctx context.Context, _ release.App, _ release.Spec, _ []string, say Say) error {
	return m.effect(ctx, "docker", "build", func() { say(release.EventOutput, "built") })
}

func (m *machine) Pull(ctx context.Context, _ release.App, _ release.Spec, _ []string, _ Say) error {
	return m.effect(ctx, "docker", "pull", func() {})
}

func (m *machine) Pin(ctx context.Context, _ release.App, s release.Spec, _ []release.Release) (release.Spec, error) {
	s.Images = map[string]string{"web": fmt.Sprint("sha256:", s.Number)}
	return s, m.effect(ctx, "docker", "pin", func() { m.images[s.Number] = true })
}

func (m *machine) Present(ctx context.Context, _ release.App, s release.Spec) error {
	if err := m.effect(ctx, "docker", "present", func() {}); err != nil || m.images[s.Number] {
		return err
	}
	return &release.Error{Code: release.Gate, What: fmt.Sprintf("the images of release %d are gone", s.Number)}
}

func (m *machine) Network(ctx context.Context, _ release.App, _ release.Network) error {
	return m.effect(ctx, "docker", "network", func() { m.network = true })
}

func (m *machine) Shared(ctx context.Context, _ release.App, _ release.Spec, _ Say) error {
	return m.effect(ctx, "docker", "shared", func() { m.database = true }, func() { m.shared = true })
}

func (m *machine) Once(ctx context.Context, _ release.App, s release.Spec, _ release.Color, _ release.Command, _ Say) error {
	err := m.effect(ctx, "docker", "release command", func() {})
	if err == nil && m.failing == s.Number {
		return &release.Error{Code: release.Gate, What: "python exited with code 1"}
	}
	return err
}

// Start makes the containers that are missing, one by one, and then starts
// them, one by one.
func (m *machine) Start(ctx context.Context, app release.App, s release.Spec, c release.Color, _ Say, services ...string) error {
	if have := m.colors[c].release(); have != 0 && have != s.Number {
		return fmt.Errorf("%s has containers of release %d", c, have)
	}
	if !m.images[s.Number] {
		return fmt.Errorf("no such image: release %d", s.Number)
	}
	app, err := app.As(s.Deployed)
	if err != nil {
		return err
	}
	var parts []func()
	for _, svc := range app.Services {
		for n := 1; n <= svc.Replicas; n++ {
			if len(services) > 0 && !slices.Contains(services, svc.Name) || m.has(c, svc.Name, n) {
				continue
			}
			slot := release.Slot{Service: svc.Name, Color: c, Replica: n}
			one := fakeContainer{service: svc.Name, replica: n, release: s.Number, addr: m.memory.Network.Addr(slot)}
			parts = append(parts, func() { m.colors[c].containers = append(m.colors[c].containers, one) })
		}
	}
	return m.effect(ctx, "docker", "start "+string(c), append(parts, m.starts(c, app.Services, services)...)...)
}

func (m *machine) has(c release.Color, service string, replica int) bool {
	return slices.ContainsFunc(m.colors[c].containers, func(f fakeContainer) bool { return f.service == service && f.replica == replica })
}

// starts are the starts of a color's containers.
func (m *machine) starts(c release.Color, all []release.Service, services []string) []func() {
	var parts []func()
	for _, svc := range all {
		for n := 1; n <= svc.Replicas; n++ {
			if len(services) > 0 && !slices.Contains(services, svc.Name) {
				continue
			}
			parts = append(parts, func() { m.set(c, svc.Name, n, (*fakeContainer).start) })
		}
	}
	return parts
}

// start leaves one alone that runs, also if it is about to end.
func (f *fakeContainer) start() {
	if !f.running {
		f.running, f.ending = true, false
	}
}

func (m *machine) set(c release.Color, service string, replica int, change func(*fakeContainer)) {
	for i := range m.colors[c].containers {
		if f := &m.colors[c].containers[i]; f.service == service && f.replica == replica {
			change(f)
		}
	}
}

func (m *machine) Resume(ctx context.Context, _ release.App, _ release.Spec, c release.Color, _ Say, services ...string) error {
	var parts []func()
	for _, have := range m.colors[c].containers {
		if !have.running && (len(services) == 0 || slices.Contains(services, have.service)) {
			parts = append(parts, func() { m.set(c, have.service, have.replica, (*fakeContainer).start) })
		}
	}
	return m.effect(ctx, "docker", "resume "+string(c), append(parts, func() {})...)
}

// Stop tells each container to stop; they do so in their own time, and go on
// with it whatever becomes of who told them.
func (m *machine) Stop(ctx context.Context, _ release.App, c release.Color, services ...string) error {
	return m.effect(ctx, "docker", "stop "+string(c), m.stops(c, services)...)
}

func (m *machine) stops(c release.Color, services []string) []func() {
	var tell, end []func()
	for _, have := range m.colors[c].containers {
		if !have.running || len(services) > 0 && !slices.Contains(services, have.service) {
			continue
		}
		tell = append(tell, func() {
			m.spares(c, have.service)
			m.set(c, have.service, have.replica, func(f *fakeContainer) { f.ending = f.running })
		})
		end = append(end, func() {
			m.set(c, have.service, have.replica, func(f *fakeContainer) { f.running, f.ending = false, false })
		})
	}
	return append(append(tell, end...), func() {})
}

// spares notes a container that is stopped while clients may be sent to it.
// Where nothing served when the command began, there are none.
func (m *machine) spares(c release.Color, service string) {
	sent := m.table == nil && c == release.Blue || m.table != nil && m.table.Routes(c)
	if m.live != release.None && m.loaded && sent && m.applied.ShapeIn(c).Routed(service) && m.violation == nil {
		m.violation = fmt.Errorf("%s of %s is stopped while clients are sent to it", service, c)
	}
}

func (m *machine) Clear(ctx context.Context, _ release.App, c release.Color) error {
	return m.effect(ctx, "docker", "clear "+string(c), m.clears(c)...)
}

func (m *machine) clears(c release.Color) []func() {
	parts := m.stops(c, nil)
	for _, have := range m.colors[c].containers {
		parts = append(parts, func() {
			m.colors[c].containers = slices.DeleteFunc(m.colors[c].containers, func(f fakeContainer) bool {
				return f.service == have.service && f.replica == have.replica
			})
		})
	}
	return parts
}

func (m *machine) Vacate(ctx context.Context, app release.App, c release.Color) error {
	return m.Clear(ctx, app, c)
}

func (m *machine) Tail(context.Context, release.App, release.Color, int) ([]string, error) {
	return []string{"web-1 | last words"}, m.down("docker")
}

func (m *machine) Remove(ctx context.Context, _ release.App, _ bool, _ Say) error {
	parts := append(m.clears(release.Blue), m.clears(release.Green)...)
	return m.effect(ctx, "docker", "remove", append(parts, func() { m.shared, m.database = false, false }, func() { m.network = false }, func() { clear(m.images); m.wiped = m.memory.Next })...)
}

func (m *machine) Prune(ctx context.Context, _ release.App, keep []int) error {
	var parts []func()
	for n := range m.images {
		if !slices.Contains(keep, n) {
			parts = append(parts, func() { delete(m.images, n) })
		}
	}
	return m.effect(ctx, "docker", "prune", append(parts, func() {})...)
}

func (m *machine) Healthy(ctx context.Context, targets []release.Target, _ Say) error {
	if err := m.effect(ctx, "docker", "healthy", func() {}); err != nil {
		return err
	}
	for _, t := range targets {
		i := slices.IndexFunc(m.colors[t.Slot.Color].containers, func(f fakeContainer) bool {
			return f.service == t.Slot.Service && f.replica == t.Slot.Replica
		})
		if i < 0 || !m.colors[t.Slot.Color].containers[i].running || m.shut == t.Slot.Color {
			return &release.Error{Code: release.Gate, What: t.Slot.String() + " does not run"}
		}
		if m.unhealthy[t.Container.Release] {
			return &release.Error{Code: release.Gate, What: "web-1 never got healthy", Detail: []string{"why"}}
		}
	}
	return nil
}

func (m *machine) Begin(context.Context, release.App, release.Front) (func() release.Witnessed, error) {
	return func() release.Witnessed { return release.Witnessed{Sent: 1, Answered: 1} }, nil
}
