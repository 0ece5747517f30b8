package deploy

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"teal/internal/release"
)

// fakeRouter is the nginx of a machine.
type fakeRouter struct{ *machine }

func (r fakeRouter) Observe(_ context.Context, app release.App, net release.Network) (release.Routing, error) {
	if err := r.down("nginx"); err != nil {
		return release.Routing{}, err
	}
	p := release.ProxyState{Name: "host nginx", Running: true, Configured: r.written != nil, Notes: r.notes}
	if net.Subnet.IsValid() {
		p.Wanted = generationOf(app, net)
		p.Configured = r.written != nil && generationOf(*r.written, r.writtenNet) == p.Wanted
	}
	out := release.Routing{Known: r.table != nil, Leftovers: slices.Clone(r.debris)}
	if r.shut != release.None {
		out.Leftovers = append(out.Leftovers, "a door that is shut")
	}
	if r.table != nil {
		out.Table, out.OnDisk = *r.table, *r.table
	}
	if r.loaded && r.written != nil { // it is asked where the config says it is
		p.Generation = generationOf(r.applied, r.net)
		if r.table != nil {
			p.Table = r.table.Name()
		}
	}
	out.Proxies = []release.ProxyState{p}
	return out, nil
}

func (r fakeRouter) Tidy(ctx context.Context, _ release.App) error {
	r.n++
	if r.strikes("nginx") {
		return r.fault.err
	}
	r.debris, r.shut = nil, release.None
	r.changed()
	return nil
}

// Shut and Reopen have no names: they come with every stop.
func (r fakeRouter) Shut(ctx context.Context, _ release.App, _ release.Network, c release.Color) error {
	return r.silent(ctx, func() { r.shut, r.closed = c, r.closed+1 })
}

func (r fakeRouter) Reopen(ctx context.Context, _ release.App, _ release.Network) error {
	return r.silent(ctx, func() { r.shut = release.None })
}

// silent is a change of nginx's that is no effect of a step.
func (r fakeRouter) silent(ctx context.Context, change func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.n++
	if r.strikes("nginx") && !r.fault.late {
		return r.fault.err
	}
	change()
	r.changed()
	if r.strikes("nginx") {
		return r.fault.err
	}
	return nil
}

func (r fakeRouter) Up(ctx context.Context, _ release.App) error {
	return r.effect(ctx, "nginx", "up", func() {})
}

// generationOf tells configs apart as the real one does: by what is rendered
// of the app.
func generationOf(app release.App, net release.Network) string {
	var b strings.Builder
	for _, c := range release.Colors {
		shape := app.ShapeIn(c)
		for _, svc := range shape.Services {
			b.WriteString(svc.Name + "=")
			for n := 1; n <= svc.Replicas; n++ {
				addr := net.Addr(release.Slot{Service: svc.Name, Color: c, Replica: n})
				b.WriteString(addr.String() + " ")
			}
		}
		for _, r := range shape.Routes {
			b.WriteString(r.Path + r.To + " ")
		}
	}
	return b.String() + strings.Join(app.Site.Listen, " ")
}

// Apply writes the config, tells nginx to reload, which does so in its own
// time, and waits for that. What fails is taken back.
func (r fakeRouter) Apply(ctx context.Context, app release.App, net release.Network) error {
	if r.written != nil && r.loaded && generationOf(*r.written, r.writtenNet) == generationOf(app, net) && generationOf(r.applied, r.net) == generationOf(app, net) {
		return r.effect(ctx, "nginx", "route", func() {})
	}
	before := *r.machine
	err := r.effect(ctx, "nginx", "route",
		func() { r.debris = append(r.debris, ".teal-voda.next") },
		func() { r.written, r.writtenNet = &app, net },
		func() { r.pending = true },
		func() { r.reload() },
		func() { r.debris = nil })
	if err != nil && r.down("nginx") == nil {
		r.written, r.writtenNet, r.pending, r.debris = before.written, before.writtenNet, false, nil
		r.loaded, r.applied, r.net = before.loaded, before.applied, before.net
	}
	return err
}

func (r fakeRouter) Shift(ctx context.Context, _ release.App, t release.Table) error {
	return r.effect(ctx, "nginx", "shift "+t.Name(), func() { r.table = &t })
}

func (r fakeRouter) Confirm(ctx context.Context, _ release.App, t release.Table) error {
	err := r.effect(ctx, "nginx", "confirm "+t.Name(), func() {})
	if err == nil && (!r.loaded || r.table == nil || *r.table != t) {
		return &release.Error{Code: release.Unreachable, What: "host nginx does not see table " + t.Name()}
	}
	return err
}

func (r fakeRouter) Drain(ctx context.Context, _ release.App, _ release.Network, _ release.Color, _ release.DrainLimits, _ Say) (release.Drained, error) {
	return release.Drained{Began: 2, Cut: r.cuts}, r.effect(ctx, "nginx", "drain", func() { r.drained++ })
}

func (r fakeRouter) Watch(_ context.Context, _ release.App, on bool) error {
	if err := r.down("nginx"); err != nil {
		return err
	}
	r.watching = on
	r.n++
	r.changed()
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
	r.gone = true
	return r.effect(ctx, "nginx", "unroute",
		func() { r.written = nil },
		func() { r.pending = true },
		func() { r.reload() },
		func() { r.table, r.watching, r.shut = nil, false, release.None })
}
