package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"teal/bench/growth/figures"
	"teal/bench/site"
	"teal/bench/spread"
	"teal/bench/stage"
)

// The bars of a long history.
const (
	statusLimit  = 150 // ms
	sizeLimit    = 50  // MiB
	historyLimit = 1.2 // of a deploy's overhead, from few releases to many
)

// histories are the numbers of releases behind an app.
var histories = []int{10, 10000}

// In each round.
const (
	historyRounds   = 5
	historyCommands = 10
	historyAll      = 2
)

// past is an app with releases behind it, and what was measured.
type past struct {
	*site.Site
	releases int

	status, history, all, overhead []time.Duration
}

// history measures apps with few and with many releases behind them, in turns.
func history(ctx context.Context, b *bench) (_ *figures.Head, err error) {
	model, err := b.model(ctx)
	if err != nil {
		return nil, fmt.Errorf("deploy the model of a release: %w", err)
	}
	var pasts []*past
	defer func() {
		for _, p := range pasts {
			err = errors.Join(err, p.Close(context.WithoutCancel(ctx)))
		}
	}()
	for _, n := range slices.DeleteFunc(slices.Clone(histories), func(n int) bool { return n > b.most && n > histories[0] }) {
		s, err := site.New(b.teal, b.yard.Image, site.Size{Services: 1, Replicas: 1})
		if err != nil {
			return nil, err
		}
		p := &past{Site: s, releases: n}
		pasts = append(pasts, p)
		if err := p.begin(ctx, model); err != nil {
			return nil, fmt.Errorf("%d releases: %w", n, err)
		}
		fmt.Fprintf(os.Stderr, "%d releases are behind an app\n", n)
	}
	for range historyRounds {
		for _, p := range pasts {
			if err := p.measure(ctx); err != nil {
				return nil, fmt.Errorf("%d releases: %w", p.releases, err)
			}
		}
	}
	b.kept.History = &figures.History{}
	for _, p := range pasts {
		point, err := p.point()
		if err != nil {
			return nil, err
		}
		b.kept.History.Points = append(b.kept.History.Points, point)
	}
	b.kept.History.Bars = historyBars(b.kept.History.Points)
	return &b.kept.History.Head, nil
}

// begin gives the app its past and two real releases, which fill the colors.
func (p *past) begin(ctx context.Context, m model) error {
	if err := p.fill(m); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	for range 2 {
		d, err := p.Deploy(ctx)
		if err != nil {
			return err
		}
		if d.Story.Receipt.Release <= p.releases {
			return fmt.Errorf("release %d was deployed: the history of %d was not heeded", d.Story.Receipt.Release, p.releases)
		}
	}
	return nil
}

// fill writes the history where nothing waits for a disk, and puts the
// database, the same bytes, in its place.
func (p *past) fill(m model) error {
	memory, err := os.MkdirTemp("/dev/shm", "teal-bench-")
	if err != nil {
		if memory, err = stage.PublicFolder(); err != nil {
			return err
		}
	}
	defer os.RemoveAll(memory)
	if err := m.repeat(memory, p.Name, p.releases); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(memory, "teal.db"))
	if err != nil {
		return err
	}
	if err := os.Mkdir(p.State(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.State(), "teal.db"), text, 0o600)
}

// measure is one round: a deploy, and what people ask.
func (p *past) measure(ctx context.Context) error {
	d, err := p.Deploy(ctx)
	if err != nil {
		return err
	}
	p.overhead = append(p.overhead, d.Overhead())
	for _, c := range []struct {
		into *[]time.Duration
		runs int
		args []string
	}{
		{&p.status, historyCommands, []string{"status"}},
		{&p.history, historyCommands, []string{"history"}},
		{&p.all, historyAll, []string{"history", "--limit", "0"}},
	} {
		took, err := p.Timed(ctx, c.runs, c.args...)
		if err != nil {
			return err
		}
		*c.into = append(*c.into, took...)
	}
	return nil
}

func (p *past) point() (figures.HistoryPoint, error) {
	size, err := sizeOf(p.State())
	ms := func(d []time.Duration) spread.Spread { return spread.Of(spread.Millis(d)) }
	return figures.HistoryPoint{
		Releases: p.releases, Status: ms(p.status), History: ms(p.history), All: ms(p.all), Overhead: ms(p.overhead), Size: size,
	}, err
}

// sizeOf is the size of the database with its log, in MiB.
func sizeOf(root string) (float64, error) {
	paths, err := filepath.Glob(filepath.Join(root, "teal.db*"))
	if err != nil {
		return 0, err
	}
	var total int64
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return float64(total) / (1 << 20), nil
}

func historyBars(points []figures.HistoryPoint) []figures.Bar {
	first, last := points[0], points[len(points)-1]
	with := fmt.Sprintf("%d releases", last.Releases)
	return []figures.Bar{
		figures.NewBar("status, "+with+", p99", last.Status.P99, statusLimit, "ms"),
		figures.NewBar("database, "+with, last.Size, sizeLimit, "MiB"),
		figures.NewBar(fmt.Sprintf("overhead of a deploy, %d releases to %d", first.Releases, last.Releases), last.Overhead.P50/first.Overhead.P50, historyLimit, "x"),
	}
}
