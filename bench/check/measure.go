package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"teal/bench/byhand"
	"teal/bench/machine"
	"teal/bench/pinned"
	"teal/bench/spread"
	"teal/bench/stage"
	"teal/internal/release"
)

// In each round.
const (
	loadFor         = 2 * time.Second
	loadConnections = 32
	roundSwitches   = 40
	roundReloads    = 4
)

// The names of the ratios. They stay: a baseline has them.
const (
	costRatio   = "processor time of a request, teal / nginx by hand"
	switchRatio = "switch, teal / a reload of nginx by hand"
)

// pair is teal's nginx and one written by hand before the same application.
type pair struct {
	stage      *stage.Stage
	static     *byhand.Nginx
	backend    *byhand.Nginx
	staticAddr string
	master     int // of teal's nginx
	load       int // the processor that load comes from
}

// measure measures both in turns. A round's ratio is that of two figures which
// were taken one after the other; the median of the rounds counts.
func measure(ctx context.Context, rounds int) (_ ratios, err error) {
	p := &pair{}
	defer func() { err = errors.Join(err, p.close(context.WithoutCancel(ctx))) }()
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	var costs, switches []float64
	for n := range rounds {
		cost, err := p.cost(ctx)
		if err != nil {
			return nil, err
		}
		change, err := p.change(ctx)
		if err != nil {
			return nil, err
		}
		costs, switches = append(costs, cost), append(switches, change)
		fmt.Fprintf(os.Stderr, "round %d of %d: %.3f, %.4f\n", n+1, rounds, cost, change)
	}
	return ratios{costRatio: spread.Of(costs).P50, switchRatio: spread.Of(switches).P50}, nil
}

func (p *pair) open(ctx context.Context) (err error) {
	core, load, err := pinned.Cores()
	if err != nil {
		return err
	}
	p.load = load
	network, err := stage.Subnet(90)
	if err != nil {
		return err
	}
	port, err := byhand.FreePort(network)
	if err != nil {
		return err
	}
	if p.backend, err = byhand.Backend(ctx, load, network, port); err != nil {
		return err
	}
	if err := p.teal(ctx, core, network, port); err != nil {
		return err
	}
	if p.staticAddr, err = stage.FreeAddr(); err != nil {
		return err
	}
	if p.static, err = byhand.Sites(ctx, core, 1, p.staticAddr, p.stage.At(release.Green)); err != nil {
		return err
	}
	return p.proved(ctx)
}

// teal starts teal's own nginx, on the proxy's processor and with one worker.
func (p *pair) teal(ctx context.Context, core int, network release.Network, port uint16) (err error) {
	addr, err := stage.FreeAddr()
	if err != nil {
		return err
	}
	if p.stage, err = stage.With(ctx, network, port, release.Site{Listen: []string{addr}}); err != nil {
		return err
	}
	p.master, err = byhand.Single(ctx, filepath.Join(p.stage.Root, "proxy"), core)
	return err
}

// proved makes sure that both pass requests on.
func (p *pair) proved(ctx context.Context) error {
	for _, addr := range []string{p.stage.Addr(), p.staticAddr} {
		if got := byhand.Answer(ctx, addr, byhand.Host(1)); got != string(release.Green) {
			return fmt.Errorf("%s answers %q, not the backend's green", addr, got)
		}
	}
	return nil
}

// cost is the processor time of a request by teal's nginx over the other's.
func (p *pair) cost(ctx context.Context) (float64, error) {
	of := func(addr string, master int) (float64, error) {
		load := pinned.Load{URL: "http://" + addr + "/", Connections: loadConnections, For: loadFor}
		return pinned.Cost(ctx, p.load, append(pinned.Children(master), master), load)
	}
	static, err := of(p.staticAddr, p.static.Master)
	if err != nil {
		return 0, err
	}
	own, err := of(p.stage.Addr(), p.master)
	return own / static, err
}

// change is the time of a switch, from the decision to nginx's confirmation,
// over that of a reload.
func (p *pair) change(ctx context.Context) (float64, error) {
	var switches, reloads []time.Duration
	for n := range roundSwitches {
		receipt, err := p.stage.SwitchTo(ctx, release.Colors[n%2])
		if err != nil {
			return 0, err
		}
		switches = append(switches, receipt.Switch)
	}
	p.stage.Clock.Take()
	for range roundReloads {
		took, err := byhand.Reload(ctx, p.static.Master)
		if err != nil {
			return 0, err
		}
		reloads = append(reloads, took)
		machine.Pause(ctx, 50*time.Millisecond)
	}
	return spread.Of(spread.Millis(switches)).P50 / spread.Of(spread.Millis(reloads)).P50, nil
}

func (p *pair) close(ctx context.Context) error {
	var errs []error
	if p.stage != nil {
		errs = append(errs, p.stage.Close(ctx))
	}
	for _, n := range []*byhand.Nginx{p.static, p.backend} {
		if n != nil {
			errs = append(errs, n.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
