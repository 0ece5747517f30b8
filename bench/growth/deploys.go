package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"teal/bench/growth/figures"
	"teal/bench/machine"
	"teal/bench/site"
	"teal/bench/spread"
)

// The bars of large apps.
const (
	serviceLimit = 100 // ms that teal may take for each service, or replica, beyond Docker's own time
	linearLimit  = 1.2 // what one of the most may cost more than one of ten
)

// sizes are the numbers of services, or of replicas, and how many deploys of
// each are measured, after two that fill the colors.
var sizes = []struct{ count, runs int }{{1, 5}, {5, 4}, {10, 3}, {25, 2}, {50, 2}}

// containerMemory is what a container may take, of the application and of
// Docker's own processes, in MiB.
const containerMemory = 30

func services(ctx context.Context, b *bench) (*figures.Head, error) {
	b.kept.Services = &figures.Deploys{}
	return b.grown(ctx, b.kept.Services, "service", func(n int) site.Size { return site.Size{Services: n, Replicas: 1} })
}

func replicas(ctx context.Context, b *bench) (*figures.Head, error) {
	b.kept.Replicas = &figures.Deploys{}
	return b.grown(ctx, b.kept.Replicas, "replica", func(n int) site.Size { return site.Size{Services: 1, Replicas: n} })
}

func (b *bench) grown(ctx context.Context, into *figures.Deploys, what string, size func(int) site.Size) (*figures.Head, error) {
	for _, s := range sizes {
		if s.count > b.most {
			continue
		}
		if err := roomFor(2 * s.count); err != nil {
			return nil, err
		}
		p, err := b.deploys(ctx, s.count, s.runs, size(s.count))
		if err != nil {
			return nil, fmt.Errorf("%d %ss: %w", s.count, what, err)
		}
		into.Points = append(into.Points, p)
		fmt.Fprintf(os.Stderr, "%d %ss are done: %.0f ms of overhead\n", s.count, what, p.Overhead.P50)
	}
	into.Bars = deployBars(what, into.Points)
	return &into.Head, nil
}

// roomFor makes sure that so many containers fit into the memory.
func roomFor(containers int) error {
	var kib int
	if _, err := fmt.Sscan(strings.TrimSuffix(machine.Field("/proc/meminfo", "MemAvailable", ":"), " kB"), &kib); err != nil {
		return fmt.Errorf("ask how much memory is free: %w", err)
	}
	if kib/1024 < containers*containerMemory {
		return fmt.Errorf("%d containers want %d MiB of memory, %d are free", containers, containers*containerMemory, kib/1024)
	}
	return nil
}

func (b *bench) deploys(ctx context.Context, count, runs int, size site.Size) (p figures.DeploysPoint, err error) {
	s, err := site.New(b.teal, b.yard.Image, size)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	var overhead, beyond, whole []time.Duration
	var peaks []float64
	for n := range runs + 2 {
		d, err := s.Deploy(ctx)
		if err != nil {
			return p, fmt.Errorf("deploy %d: %w", n+1, err)
		}
		if n < 2 {
			continue
		}
		overhead, beyond, whole = append(overhead, d.Overhead()), append(beyond, d.Rest()), append(whole, d.Took())
		peaks = append(peaks, d.Story.Peak)
	}
	ms := func(d []time.Duration) spread.Spread { return spread.Of(spread.Millis(d)) }
	return figures.DeploysPoint{Count: count, Overhead: ms(overhead), Beyond: ms(beyond), Whole: ms(whole), Peak: spread.Of(peaks)}, nil
}

// deployBars judge the most against few: what one more costs, and whether one
// of many costs more than one of ten.
func deployBars(what string, points []figures.DeploysPoint) []figures.Bar {
	first, last, middle := points[0], points[len(points)-1], points[len(points)/2]
	if last.Count == first.Count {
		return nil
	}
	var bars []figures.Bar
	for _, k := range []struct {
		name string
		of   func(figures.DeploysPoint) spread.Spread
	}{
		{"beyond Docker's own time", func(p figures.DeploysPoint) spread.Spread { return p.Beyond }},
		{"with Docker's stop and removal of the old color", func(p figures.DeploysPoint) spread.Spread { return p.Overhead }},
	} {
		each := (k.of(last).P50 - k.of(first).P50) / float64(last.Count-first.Count)
		one := figures.NewBar(fmt.Sprintf("each %s more, 1 to %d, %s", what, last.Count, k.name), each, serviceLimit, "ms")
		if each <= 0 && k.of(last).N > 0 { // less than what runs differ by
			one.Verdict = figures.OK
		}
		bars = append(bars, one)
		if middle.Count == last.Count {
			continue
		}
		ratio := k.of(last).P50 / float64(last.Count) / (k.of(middle).P50 / float64(middle.Count))
		bars = append(bars, figures.NewBar(fmt.Sprintf("linear: one %s of %d to one of %d, %s", what, last.Count, middle.Count, k.name), ratio, linearLimit, "x"))
	}
	return bars
}
