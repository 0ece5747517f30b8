// Command bench measures the limits that teal promises to keep, on the
// machine it runs on, and compares teal's switch with the usual one, an
// include rewritten and nginx reloaded, under the same load in the same run.
//
// Everything measured is real: nginx, Docker, the journal on disk, the built
// binary. Load goes to this machine alone. A figure is a distribution with
// the limit it has to keep beside it; a limit that is missed is told and makes
// the exit status 1, it is never measured again because of what it showed.
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

	"teal/bench/machine"
	"teal/bench/site"
	"teal/test/dockyard"
)

// options are what the command line sets.
type options struct {
	teal  string
	out   string
	quiet time.Duration
	only  string
}

var errMissed = errors.New("a limit was missed")

func main() {
	var o options
	flag.StringVar(&o.teal, "teal", "bin/teal", "path of the stripped binary")
	flag.StringVar(&o.out, "out", "bench/results/latest.json", "where the figures go; empty for nowhere")
	flag.DurationVar(&o.quiet, "quiet", 30*time.Second, "how long to wait and repeat, over all sections, for a quiet machine")
	flag.StringVar(&o.only, "only", "", "measure these sections alone, with commas between, and keep nothing")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sections are what is measured, in order: the quiet ones first, those that
// load the machine last.
var sections = []section{
	{"commands", commands},
	{"gate", gate},
	{"switch", switches},
	{"deploy", deploys},
	{"ten", ten},
	{"rollback", rollbacks},
	{"cold", cold},
	{"loss", loss},
	{"reload", reloads},
}

type section struct {
	name    string
	measure func(context.Context, *bench) error
}

// bench is one run: what it works with and what it found.
type bench struct {
	teal   string // absolute path
	docker *dockyard.Yard
	site   *site.Site
	report report
}

func run(ctx context.Context, o options) (err error) {
	b, err := prepare(ctx, o)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { err = errors.Join(err, b.clear(context.WithoutCancel(ctx))) }()
	until := time.Now().Add(o.quiet)
	for _, s := range sections {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), s.name) {
			continue
		}
		if err := b.quietly(ctx, s, until); err != nil {
			return fmt.Errorf("measure %s: %w", s.name, err)
		}
	}
	return b.tell(o)
}

// quietly measures a section while the machine does little else. One that
// other work was heard before or after is measured again, whatever it showed,
// as long as there is time.
func (b *bench) quietly(ctx context.Context, s section, until time.Time) error {
	for again := false; ; again = true {
		before, err := machine.Calm(ctx, until)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%-9s %s\n", s.name, before)
		drop := b.report.mark()
		if err := s.measure(ctx, b); err != nil {
			return err
		}
		after := machine.Listen(ctx)
		b.report.Noise[s.name] = machine.SectionNoise{Before: before, After: after, Again: again}
		if (before.Quiet() && after.Quiet()) || time.Now().After(until) {
			return ctx.Err()
		}
		drop()
	}
}

func prepare(ctx context.Context, o options) (*bench, error) {
	program, err := filepath.Abs(o.teal)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("find teal (make build): %w", err)
	}
	yard, err := site.OpenYard(ctx)
	if err != nil {
		return nil, err
	}
	b := &bench{teal: program, docker: yard}
	if b.site, err = site.New(program, yard.Image, site.Size{Services: 1, Replicas: 1}); err != nil {
		return nil, errors.Join(err, yard.Close(ctx))
	}
	b.report, err = newReport(ctx, program, yard)
	if err != nil {
		return nil, errors.Join(err, b.clear(ctx))
	}
	return b, nil
}

// clear takes everything away that the run has made.
func (b *bench) clear(ctx context.Context) error {
	return errors.Join(b.site.Close(ctx), b.docker.Close(ctx))
}

// tell prints the figures, keeps them, and is an error if a limit was missed.
func (b *bench) tell(o options) error {
	b.report.print(os.Stdout)
	if o.only == "" && o.out != "" {
		if err := b.report.save(o.out); err != nil {
			return fmt.Errorf("keep the figures: %w", err)
		}
	}
	if n := b.report.missed(); n > 0 {
		return fmt.Errorf("%w: %d of %d", errMissed, n, b.report.limits())
	}
	return nil
}
