package nginx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// Observe asks each proxy of the app what it serves. The question goes to
// where the configuration on disk says the app is, since teal.yaml may have
// changed after it was written. With a zero net no generation is wanted yet.
func (r *Router) Observe(ctx context.Context, app release.App, net release.Network) (release.Routing, error) {
	r.hear(app.Name, net.Subnet)
	var o release.Routing
	o.OnDisk, o.Known = r.onDisk(app.Name)
	o.Table = o.OnDisk
	o.Adopted = app.Site.Adopted != nil
	for i := len(app.Proxies) - 1; i >= 0; i-- { // the outermost has the last word
		s, err := r.server(ctx, app, app.Proxies[i])
		if err != nil {
			return release.Routing{}, err
		}
		p, err := r.observe(ctx, s, app, net)
		if err != nil {
			return release.Routing{}, err
		}
		if t, err := release.ParseTable(p.Table); err == nil {
			o.Table, o.Known = t, true
		}
		o.Proxies = append([]release.ProxyState{p}, o.Proxies...)
		o.Leftovers = append(o.Leftovers, r.stale(s, app.Name)...)
	}
	o.Leftovers = append(o.Leftovers, r.leftShut(app.Name)...)
	return o, nil
}

func (r *Router) observe(ctx context.Context, s server, app release.App, net release.Network) (release.ProxyState, error) {
	p := release.ProxyState{Name: s.name, Version: s.version, Owned: s.owned()}
	m, running := s.running()
	if p.Running = running; running {
		p.PID = int(m)
	}
	var err error
	if p.Wanted, p.Configured, err = r.wanted(s, app, net); err != nil {
		return p, err
	}
	if running {
		a, err := r.question(ctx, s, app.Name)
		if err != nil && ctx.Err() != nil {
			return p, ctx.Err()
		}
		p.Generation, p.Table = a.generation, a.table
	}
	if !running {
		errors.As(s.down(), &p.Absent)
	}
	if net.Subnet.IsValid() && !p.Current() {
		// Nothing is to be built in vain.
		if err := r.fits(s, app); err != nil && !errors.As(err, &p.Blocked) {
			return p, err
		}
	}
	if net.Subnet.IsValid() {
		r.heed(&p, s, app)
	}
	if !p.Current() {
		p.Broken, err = r.brokenness(ctx, s, app.Name)
	}
	return p, err
}

// wanted is the generation the app would have if it were rendered now, and
// whether the files of this app are there at all.
func (r *Router) wanted(s server, app release.App, net release.Network) (string, bool, error) {
	configured := remains(r.conf(app.Name, s.place)) && (s.site == "" || remains(s.site))
	if !net.Subnet.IsValid() || s.version == "" {
		return "", configured, nil
	}
	token, err := r.readToken(app.Name)
	if err != nil {
		return "", configured, err
	}
	out, err := r.render(s, app, net, token)
	if err != nil {
		// An app that can't be rendered, say with a service that has no
		// address yet, wants nothing; to look at it must be possible.
		return "", configured, nil
	}
	return out.Generation, configured && r.written(s, app.Name, out), nil
}

// question asks the first address of the app as it is configured.
func (r *Router) question(ctx context.Context, s server, app string) (answer, error) {
	a, ok, err := r.read(app, s.place)
	if err != nil {
		return answer{}, err
	}
	if !ok || len(a.listen) == 0 {
		return answer{}, errNoAnswer
	}
	qs, err := r.questions(s, app, a.listen[:1], a.hosts)
	if err != nil {
		return answer{}, err
	}
	return ask(ctx, r.warm, qs[0])
}

// brokenness is what nginx -t says where it doesn't pass for a reason other
// than our own file. It costs a run of nginx, so it is asked only where a
// reload or a start lies ahead.
func (r *Router) brokenness(ctx context.Context, s server, app string) (string, error) {
	if _, err := s.files.stat(s.main); err != nil || s.version == "" {
		return "", nil // teal's own nginx before its first start, or a container that doesn't run
	}
	says, passes, err := s.test(ctx)
	if err != nil || passes || r.concerns(says, s, app) {
		return "", err
	}
	return strings.Join(says, "\n"), nil
}

// housed reports whether a proxy of the app is in a container. Its folders are
// mounted there, so they must stay the ones they are.
func housed(app release.App) bool {
	return slices.ContainsFunc(app.Proxies, func(p release.Proxy) bool { return p.Kind == release.ProxyContainer })
}

// Confirm waits until every proxy answers that it sees the table. A worker
// keeps nothing of the table in memory, so the answer of one holds for all. The
// answer is a file of the table's, which is mended first if it is not whole.
func (r *Router) Confirm(ctx context.Context, app release.App, table release.Table) error {
	if err := r.tabled(ctx, table); err != nil {
		return fmt.Errorf("mend table %s: %w", table.Name(), err)
	}
	for _, p := range app.Proxies {
		s, err := r.server(ctx, app, p)
		if err != nil {
			return err
		}
		if err := r.confirm(ctx, s, app.Name, table); err != nil {
			return err
		}
	}
	_ = r.guard(app.Name) // a reboot has forgotten it; see there
	return nil
}

func (r *Router) confirm(ctx context.Context, s server, app string, table release.Table) error {
	if _, ok := s.running(); !ok {
		return s.down()
	}
	wait, cancel := context.WithTimeout(ctx, confirmLimit)
	defer cancel()
	var a answer
	var last error
	err := poll(wait, time.Millisecond, func() bool {
		a, last = r.question(wait, s, app)
		return last == nil && a.table == table.Name()
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	if err := s.passable(r.root); err != nil {
		return err
	}
	e := &release.Error{
		Code: release.Unreachable, What: "the " + s.name + " does not answer that it routes by table " + table.Name(),
		Detail: []string{"it answers table \"" + a.table + "\""}, Next: "see " + s.log(), Err: last,
	}
	return e
}
