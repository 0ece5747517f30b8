// Command growth measures what becomes of teal as what it looks after grows:
// 1,000 apps on one nginx, 50 services or replicas in an app, 10,000 releases
// in an app's history. Everything is real: nginx, Docker, the journal on disk,
// the built binary; clients and backends of loads are programs in C.
//
// Each part is kept by itself in the results, with its date and how busy the
// machine was, so one can be measured again without the others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"teal/bench/growth/figures"
	"teal/bench/machine"
	"teal/bench/site"
	"teal/test/dockyard"
)

// options are what the command line sets.
type options struct {
	teal   string
	out    string
	only   string
	rounds int
	within time.Duration
	most   int
	quiet  time.Duration
}

var errMissed = errors.New("a limit was missed")

func main() {
	var o options
	flag.StringVar(&o.teal, "teal", "bin/teal", "path of the stripped binary")
	flag.StringVar(&o.out, "out", "bench/results/growth.json", "where the figures go; empty for nowhere")
	flag.StringVar(&o.only, "only", "", "measure these parts alone, with commas between: apps, services, replicas, history")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds over all numbers of apps")
	flag.DurationVar(&o.within, "within", 6*time.Minute, "begin no further round over the apps after this time")
	flag.IntVar(&o.most, "most", 10000, "leave out what has more apps, services, releases than that")
	flag.DurationVar(&o.quiet, "quiet", 30*time.Second, "how long to wait, before each part, for a quiet machine")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// bench is what parts are measured with.
type bench struct {
	options
	revision string
	machine  machine.Machine
	yard     *dockyard.Yard
	kept     figures.Growth
}

// parts are what is measured, in order. Each returns the head that it is kept
// with, which is filled afterwards.
var parts = []struct {
	name    string
	measure func(context.Context, *bench) (*figures.Head, error)
}{
	{"apps", apps},
	{"history", history},
	{"services", services},
	{"replicas", replicas},
}

func run(ctx context.Context, o options) (err error) {
	b, err := prepare(ctx, o)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { err = errors.Join(err, b.yard.Close(context.WithoutCancel(ctx))) }()
	missed := 0
	for _, p := range parts {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), p.name) {
			continue
		}
		head, err := b.measured(ctx, p.measure)
		if err != nil {
			return fmt.Errorf("measure %s: %w", p.name, err)
		}
		fmt.Println(p.name)
		head.Print(os.Stdout)
		missed += head.Missed()
		if o.out != "" {
			if err := b.kept.Save(o.out); err != nil {
				return fmt.Errorf("keep the figures: %w", err)
			}
		}
	}
	if missed > 0 {
		return fmt.Errorf("%w: %d", errMissed, missed)
	}
	return nil
}

// measured measures a part and says beside what.
func (b *bench) measured(ctx context.Context, measure func(context.Context, *bench) (*figures.Head, error)) (*figures.Head, error) {
	before, err := machine.Calm(ctx, time.Now().Add(b.quiet))
	if err != nil {
		return nil, err
	}
	began := time.Now()
	head, err := measure(ctx, b)
	if err != nil {
		return nil, err
	}
	took := time.Since(began).Round(time.Second)
	bars := head.Bars
	*head = figures.Head{
		Date: began.UTC().Truncate(time.Second), Revision: b.revision, Machine: b.machine, Took: took.String(), Bars: bars,
		Noise: machine.SectionNoise{Before: before, After: machine.Listen(ctx)},
	}
	return head, nil
}

func prepare(ctx context.Context, o options) (_ *bench, err error) {
	b := &bench{options: o}
	if b.teal, err = filepath.Abs(o.teal); err != nil {
		return nil, err
	}
	if b.revision, err = site.Revision(ctx, b.teal); err != nil {
		return nil, fmt.Errorf("ask teal for its version (make build): %w", err)
	}
	if b.kept, err = figures.Load(o.out); err != nil {
		return nil, err
	}
	if b.yard, err = site.OpenYard(ctx); err != nil {
		return nil, err
	}
	engine, err := b.yard.Version(ctx)
	if err == nil {
		b.machine, err = machine.Describe(ctx, engine)
	}
	if err != nil {
		return nil, errors.Join(err, b.yard.Close(ctx))
	}
	return b, nil
}
