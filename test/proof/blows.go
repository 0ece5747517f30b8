//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"teal/test/load"
	"teal/test/reloaded"
)

// ground is a site that faults happen to: two replicas, under load.
type ground struct {
	hall   *hall
	site   *site
	random *rand.Rand
	other  *site         // keeps the machine as busy in the controls as deploys do
	usual  time.Duration // that a deploy takes
	healed int           // times that the next deploy had something to mend, and did
	out    io.Writer
}

// blow is a fault. What it costs by itself is measured first, with nobody
// deploying: that is its control.
type blow struct {
	name   string
	times  int
	strike func(context.Context) error
	// plainly is where the control is one with another nginx in teal's place.
	plainly func(context.Context) (*reloaded.Nginx, error)
	steps   bool // strikes as each step of a deploy begins
	engine  bool // is one of the engine's, so that no other app can be deployed meanwhile
}

// struck are the clients of these measurements: so many that a fault meets
// some in flight each time.
func struck() []load.Group {
	return []load.Group{
		{Kind: load.Post, Clients: 16, Think: 5 * time.Millisecond},
		{Kind: load.Post, Clients: 4, TLS: true, Think: 5 * time.Millisecond},
		{Kind: load.Post, Clients: 16, Over: 50 * time.Millisecond, Think: 20 * time.Millisecond},
		{Kind: load.Fresh, Clients: 4, Think: 20 * time.Millisecond},
		{Kind: load.Get, Clients: 8, Think: 5 * time.Millisecond},
	}
}

// blows has each fault happen without teal, and then in the middle of deploys.
func (p *proof) blows(ctx context.Context, h *hall, other *site) error {
	if p.size.blows == 0 {
		return nil
	}
	s, err := h.site(ctx, "blow", 2)
	if err != nil {
		return err
	}
	g := &ground{hall: h, site: s, other: other, random: rand.New(rand.NewPCG(p.seed, math.MaxUint64)), usual: 2 * time.Second, out: p.out}
	for _, b := range g.all(p.size.blows) {
		if err := p.blow(ctx, g, b); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

func (p *proof) blow(ctx context.Context, g *ground, b blow) error {
	control, err := g.alone(ctx, b)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	if b.plainly != nil {
		steady, err := g.steady(ctx, b, g.site.load(struck()...))
		if err != nil {
			return fmt.Errorf("steady: %w", err)
		}
		if err := p.enter(g, b, "no deploy: "+b.name, control, steady, ""); err != nil {
			return err
		}
	}
	healed := g.healed
	during, err := g.amid(ctx, b)
	if err != nil {
		return err
	}
	return p.enter(g, b, "amid a deploy: "+b.name, control, during, fmt.Sprintf("; the next deploy had %d to mend", g.healed-healed))
}

// enter makes the row of a fault.
func (p *proof) enter(g *ground, b blow, name string, control, seen load.Report, more string) error {
	ledger, err := g.site.diary()
	if err != nil {
		return err
	}
	audit := load.Compare(ledger, seen)
	audit.Foreign = 0 // those of the loads before
	cost := allowance(control.Lost())
	if b.engine {
		cost = 0 // no request goes through it
	}
	p.add(row{Name: name, Faults: b.times, Reloads: true, Cost: cost, Note: fmt.Sprintf(
		"%d times; lost without teal: %d of %d%s", b.times, control.Lost(), control.All().Sent(), more), report: seen, audit: audit})
	return nil
}

// allowance is how much may be lost where the same faults, as many, cost so
// much without teal. Each fault costs what is in flight at that moment, a
// number that varies by its own root; two such sums differ by more than three
// times the root of both together in one run of a thousand. One more stands
// under the root: faults that cost nothing this time may cost a few the next.
func allowance(control int) int {
	return control + int(3*math.Sqrt(2*float64(control+1)))
}

// between is the pause between two faults: longer than the longest wait of
// nginx's.
const between = 400 * time.Millisecond

// alone is what the faults cost without teal.
func (g *ground) alone(ctx context.Context, b blow) (load.Report, error) {
	if b.plainly == nil {
		return g.steady(ctx, b, g.site.load(struck()...))
	}
	r, err := b.plainly(ctx)
	if err != nil {
		return load.Report{}, err
	}
	report, err := g.steady(ctx, b, load.Load{Plain: r.Addr, Host: siteHost, Groups: inClear(struck())})
	return report, errors.Join(err, r.Close(context.WithoutCancel(ctx)))
}

// inClear are the clients without TLS.
func inClear(groups []load.Group) []load.Group {
	for i := range groups {
		groups[i].TLS = false
	}
	return groups
}

func (g *ground) steady(ctx context.Context, b blow, l load.Load) (load.Report, error) {
	if !b.engine {
		defer g.busy(ctx)()
	}
	running := load.Start(ctx, l)
	var err error
	for n := 0; n < b.times && err == nil && pause(ctx, between); n++ {
		err = b.strike(ctx)
	}
	pause(ctx, between) // what follows the last one counts too
	return running.Stop(), errors.Join(err, ctx.Err())
}

// busy deploys another app, with an nginx of its own, until it is stopped. How
// long a fault lasts, and so what it costs, depends on how busy the machine is.
func (g *ground) busy(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if _, err := g.other.deploy(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintf(g.out, "  the machine is less busy than it was to be: %v\n", err)
				return
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// amid has the faults happen at random moments of deploys, or as each step of
// some begins. A deploy may fail for it; the next has to get through.
func (g *ground) amid(ctx context.Context, b blow) (load.Report, error) {
	running := load.Start(ctx, g.site.load(struck()...))
	var err error
	for n := 0; n < b.times && err == nil && pause(ctx, between); {
		struck := 1
		if b.steps {
			struck, err = g.atEachStep(ctx, b.strike, b.times-n)
		} else {
			err = g.atOnce(ctx, b.strike)
		}
		if err == nil {
			err = g.mend(ctx)
		}
		n += struck
	}
	report := running.Stop()
	if err != nil {
		err = fmt.Errorf("%w\n%s\n%v", err, report, report.First)
	}
	return report, err
}

// atOnce strikes at a random moment of a deploy.
func (g *ground) atOnce(ctx context.Context, strike func(context.Context) error) error {
	g.site.version++
	cmd, began := g.site.command(ctx, "deploy", "--json"), time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	pause(ctx, time.Duration(g.random.Int64N(int64(g.usual))))
	err := strike(ctx)
	failed := cmd.Wait()
	if failed == nil {
		g.usual = min(time.Since(began), 2*g.usual)
	}
	return errors.Join(err, told(cmd))
}

// atEachStep strikes as each step of a deploy begins, at most so many times.
func (g *ground) atEachStep(ctx context.Context, strike func(context.Context) error, most int) (n int, err error) {
	g.site.version++
	cmd := g.site.command(ctx, "deploy", "--json")
	cmd.Stdout = &steps{to: &cmd.out, begins: func() {
		if n < most {
			n++
			err = errors.Join(err, strike(ctx))
		}
	}}
	_ = cmd.Run() // what it came to is its exit code
	if n == 0 {
		return n, fmt.Errorf("the deploy had no step\n%s", cmd.told())
	}
	return n, errors.Join(err, told(cmd))
}

// steps says when a step begins, and passes on what it is told.
type steps struct {
	to     *bytes.Buffer
	seen   int // bytes
	begins func()
}

func (s *steps) Write(text []byte) (int, error) {
	s.to.Write(text)
	for {
		line, _, whole := bytes.Cut(s.to.Bytes()[s.seen:], []byte("\n"))
		if !whole {
			return len(text), nil
		}
		s.seen += len(line) + 1
		if bytes.Contains(line, []byte(`"type":"step"`)) {
			s.begins()
		}
	}
}

// told checks that a deploy got through, or failed as one may that lost Docker,
// nginx or a container: with a code that says so, a state and what to do.
func told(cmd *command) error {
	switch code := cmd.ProcessState.ExitCode(); {
	case code == 0:
		return nil
	case (code == 3 || code == 5) && bytes.Contains(cmd.err.Bytes(), []byte("state: ")) && bytes.Contains(cmd.err.Bytes(), []byte("next: ")):
		return nil
	}
	return fmt.Errorf("the deploy's exit code is %d\n%s", cmd.ProcessState.ExitCode(), cmd.told())
}

// mend deploys where the fault left something to do, after which all has to be
// in order.
func (g *ground) mend(ctx context.Context) error {
	if err := g.hall.routed(ctx, g.site); err != nil {
		return err
	}
	amiss := g.hall.settled(ctx, g.site)
	if amiss == nil {
		return nil
	}
	g.healed++
	fmt.Fprintf(g.out, "  to be mended by the next deploy: %v\n", amiss)
	if _, err := g.site.deploy(ctx); err != nil {
		return fmt.Errorf("the next deploy: %w", err)
	}
	return g.hall.settled(ctx, g.site)
}
