package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"teal/bench/byhand"
	"teal/bench/growth/figures"
	"teal/bench/machine"
	"teal/bench/pinned"
	"teal/bench/site"
	"teal/bench/spread"
	"teal/bench/stage"
	"teal/internal/nginx/render"
	"teal/internal/release"
)

// hosts is the script by which wrk asks the apps in turn.
//
//go:embed hosts.lua
var hosts string

// The bars of many apps on one nginx.
const (
	growthLimit = 1.2  // of a request's and a switch's cost, from the fewest apps to the most
	renderLimit = 1000 // ms, of all apps' configuration
)

// counts are the numbers of apps.
var counts = []int{1, 10, 100, 1000}

// How the load is.
const (
	loadConnections = 32
	loadFor         = 2 * time.Second
	warmFor         = time.Second
	roundSwitches   = 40
)

// samples are what is measured of a world, round by round.
type samples struct {
	one, all, staticOne, staticAll     []float64
	whole, rename, ask                 []time.Duration
	render, test, reload, change       []time.Duration
	staticTest, staticReload           []time.Duration
	worker, parent, staticWorker, teal []float64
}

// ground is what all worlds have in common.
type ground struct {
	proxy, load int // processors
	net         release.Network
	port        uint16
	backend     *byhand.Nginx
	script      string
}

// apps measures worlds of more and more apps, all up at the same time, in
// rounds over all of them: what the machine does meanwhile meets each.
func apps(ctx context.Context, b *bench) (_ *figures.Head, err error) {
	g, err := newGround(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.backend.Close(context.WithoutCancel(ctx))) }()
	var worlds []*world
	defer func() {
		for _, w := range worlds {
			err = errors.Join(err, w.close(context.WithoutCancel(ctx)))
		}
	}()
	for _, n := range slices.DeleteFunc(slices.Clone(counts), func(n int) bool { return n > b.most }) {
		w, err := newWorld(ctx, g.proxy, n, g.net, g.port, b.machine.Nginx)
		if err != nil {
			return nil, fmt.Errorf("%d apps: %w", n, err)
		}
		worlds = append(worlds, w)
		fmt.Fprintf(os.Stderr, "%d apps are up\n", n)
	}
	all := make([]samples, len(worlds))
	for round, until := 0, time.Now().Add(b.within); round < b.rounds && (round == 0 || time.Now().Before(until)); round++ {
		for i, w := range worlds {
			if err := w.measure(ctx, g, b.teal, round, &all[i]); err != nil {
				return nil, fmt.Errorf("round %d, %d apps: %w", round+1, w.apps, err)
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d is done\n", round+1, b.rounds)
	}
	b.kept.Apps = &figures.Apps{}
	for i, w := range worlds {
		p, err := w.point(all[i])
		if err != nil {
			return nil, err
		}
		b.kept.Apps.Points = append(b.kept.Apps.Points, p)
	}
	b.kept.Apps.Bars = appsBars(b.kept.Apps.Points)
	return &b.kept.Apps.Head, nil
}

func newGround(ctx context.Context) (_ *ground, err error) {
	g := &ground{}
	if g.proxy, g.load, err = pinned.Cores(); err != nil {
		return nil, err
	}
	if g.net, err = stage.Subnet(89); err != nil {
		return nil, err
	}
	if g.port, err = byhand.FreePort(g.net); err != nil {
		return nil, err
	}
	if g.backend, err = byhand.Backend(ctx, g.load, g.net, g.port); err != nil {
		return nil, err
	}
	g.script = filepath.Join(g.backend.Dir, "hosts.lua")
	return g, os.WriteFile(g.script, []byte(hosts), 0o644)
}

// measure is one round.
func (w *world) measure(ctx context.Context, g *ground, teal string, round int, s *samples) error {
	for _, step := range []func() error{
		func() error { return w.costs(ctx, g, s) },
		func() error { return w.switches(ctx, s) },
		func() error { return w.files(ctx, round, s) },
		func() error { return w.memory(ctx, teal, s) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// costs measures what a request costs: of the last app alone, and of all in
// turn, by teal's nginx and by the one written by hand.
func (w *world) costs(ctx context.Context, g *ground, s *samples) error {
	for _, m := range []struct {
		into        *[]float64
		addr        string
		master      int
		first, warm int
	}{
		{&s.one, w.Addr(), w.master, w.apps, 0},
		{&s.staticOne, w.staticAddr, w.static.Master, w.apps, 0},
		{&s.all, w.Addr(), w.master, 1, 1},
		{&s.staticAll, w.staticAddr, w.static.Master, 1, 1},
	} {
		load := pinned.Load{
			URL: "http://" + m.addr + "/", Connections: loadConnections, For: loadFor, Script: g.script,
			Args: []string{strconv.Itoa(m.first), strconv.Itoa(w.apps)},
		}
		if m.warm > 0 { // each app's first connection to the backend
			load.For = warmFor
			if _, err := pinned.Send(ctx, g.load, load); err != nil {
				return err
			}
			load.For = loadFor
		}
		cost, err := pinned.Cost(ctx, g.load, append(pinned.Children(m.master), m.master), load)
		if err != nil {
			return err
		}
		*m.into = append(*m.into, cost)
	}
	return nil
}

// switches switches the last app to and fro.
func (w *world) switches(ctx context.Context, s *samples) error {
	for n := range roundSwitches {
		receipt, err := w.SwitchTo(ctx, release.Colors[n%2])
		if err != nil {
			return err
		}
		s.whole = append(s.whole, receipt.Switch)
	}
	for _, t := range w.Clock.Take() {
		s.rename, s.ask = append(s.rename, t.Renamed), append(s.ask, t.Asked)
	}
	return nil
}

// files measures what it takes to bring a changed configuration into nginx.
func (w *world) files(ctx context.Context, round int, s *samples) error {
	for _, m := range []struct {
		into *[]time.Duration
		do   func() (time.Duration, error)
	}{
		{&s.render, w.rendered},
		{&s.test, func() (time.Duration, error) { return tested(ctx, w.proxy(), w.config()) }},
		{&s.staticTest, func() (time.Duration, error) { return tested(ctx, w.static.Dir, w.static.Config()) }},
		{&s.reload, func() (time.Duration, error) { return w.reload(ctx) }},
		{&s.staticReload, func() (time.Duration, error) { return byhand.Reload(ctx, w.static.Master) }},
		{&s.change, func() (time.Duration, error) { return w.change(ctx, round) }},
	} {
		took, err := m.do()
		if err != nil {
			return err
		}
		*m.into = append(*m.into, took)
	}
	return nil
}

// rendered renders the configuration of all apps.
func (w *world) rendered() (time.Duration, error) {
	in := append([]render.Input{}, w.crowd...)
	if len(in) == 0 { // the stage's own is rendered inside the router
		in = append(in, render.Input{
			App: w.App, Network: w.Net, Place: "standalone", Own: true, Listen: w.App.Site.Listen, Root: w.Root,
			Token: strings.Repeat("0", 32), ColorHeader: true,
		})
	}
	began := time.Now()
	for _, one := range in {
		if _, err := render.Site(one); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

func tested(ctx context.Context, dir, config string) (time.Duration, error) {
	began := time.Now()
	out, err := exec.CommandContext(ctx, "nginx", "-p", dir+"/", "-c", config, "-t").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("nginx -t: %w\n%s", err, out)
	}
	return time.Since(began), nil
}

// change gives the last app another shape, as a deploy would whose teal.yaml
// was edited: teal tests it aside and in place, reloads and asks.
func (w *world) change(ctx context.Context, round int) (time.Duration, error) {
	w.App.Routes[0].MaxBody = int64(2+round%2) << 20
	began := time.Now()
	if err := w.Router.Apply(ctx, w.App, w.Net); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// memory notes what is resident.
func (w *world) memory(ctx context.Context, teal string, s *samples) error {
	for _, m := range []struct {
		into *[]float64
		pids []int
	}{{&s.parent, []int{w.master}}, {&s.worker, pinned.Children(w.master)}, {&s.staticWorker, pinned.Children(w.static.Master)}} {
		most := 0.0 // a worker of before the reload may be on its way out
		for _, pid := range m.pids {
			most = max(most, resident(pid))
		}
		*m.into = append(*m.into, most)
	}
	cmd := exec.CommandContext(ctx, teal, "proxy", "show", "--state", w.Root)
	if err := cmd.Start(); err != nil {
		return err
	}
	peak := site.WatchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	s.teal = append(s.teal, peak())
	return err
}

// resident is a process's resident memory in MiB, 0 once it is gone.
func resident(pid int) float64 {
	var kib float64
	value := machine.Field(fmt.Sprintf("/proc/%d/status", pid), "VmRSS", ":")
	if _, err := fmt.Sscan(strings.TrimSuffix(value, " kB"), &kib); err != nil {
		return 0
	}
	return kib / 1024
}

func (w *world) point(s samples) (figures.AppsPoint, error) {
	text, err := w.text()
	ms := func(d []time.Duration) spread.Spread { return spread.Of(spread.Millis(d)) }
	return figures.AppsPoint{
		Apps: w.apps,
		One:  spread.Of(s.one), All: spread.Of(s.all), StaticOne: spread.Of(s.staticOne), StaticAll: spread.Of(s.staticAll),
		Switch: ms(s.whole), Rename: ms(s.rename), Ask: ms(s.ask),
		Render: ms(s.render), Test: ms(s.test), Reload: ms(s.reload), Change: ms(s.change),
		StaticTest: ms(s.staticTest), StaticReload: ms(s.staticReload),
		Text: text, Worker: spread.Of(s.worker), Master: spread.Of(s.parent), StaticWorker: spread.Of(s.staticWorker), Teal: spread.Of(s.teal),
	}, err
}

func appsBars(points []figures.AppsPoint) []figures.Bar {
	first, last := points[0], points[len(points)-1]
	ratio := func(of func(figures.AppsPoint) spread.Spread) float64 { return of(last).P50 / of(first).P50 }
	from := fmt.Sprintf("%d apps to %d", first.Apps, last.Apps)
	return []figures.Bar{
		figures.NewBar("request cost, "+from+", one app asked", ratio(func(p figures.AppsPoint) spread.Spread { return p.One }), growthLimit, "x"),
		figures.NewBar("request cost, "+from+", all asked in turn", ratio(func(p figures.AppsPoint) spread.Spread { return p.All }), growthLimit, "x"),
		figures.NewBar("switch, "+from, ratio(func(p figures.AppsPoint) spread.Spread { return p.Switch }), growthLimit, "x"),
		figures.NewBar(fmt.Sprintf("render %d apps, the slowest", last.Apps), last.Render.Max, renderLimit, "ms"),
	}
}
