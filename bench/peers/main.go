// Command peers measures teal beside other proxies and the layouts that people
// have: side by side, in interleaved rounds of one run, with the same
// application and the same load generator.
//
// Everything measured is real: the proxies are those of Debian, teal's nginx
// is as teal has written it. Load goes to this machine alone. Ratios are the
// claim: each is taken of what ran side by side, and told with its spread. A
// bar that is missed is told and makes the exit status 1. Where a layout that
// is known to lose requests loses none, the tool is blind and the run void.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"teal/bench/machine"
)

// options are what the command line sets.
type options struct {
	teal  string
	out   string
	quiet time.Duration
	only  string
	short bool
}

func main() {
	if len(os.Args) == 5 && os.Args[1] == shakeWord {
		if err := shakeHands(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.StringVar(&o.teal, "teal", "bin/teal", "path of the binary")
	flag.StringVar(&o.out, "out", "bench/results/peers.json", "where the figures go; empty for nowhere")
	flag.DurationVar(&o.quiet, "quiet", 30*time.Second, "how long to wait, over all parts, for a quiet machine")
	flag.StringVar(&o.only, "only", "", "measure these parts alone, with commas between; the others' figures stay in the file")
	flag.BoolVar(&o.short, "short", false, "the cost and the losses alone, in fewer rounds, and keep nothing")
	flag.Parse()
	debug.SetGCPercent(400) // clients that stand still while memory is looked through would make slow answers
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// size says how much is measured.
type size struct {
	costRounds, settingRounds    int
	costTime                     time.Duration
	throughputRounds             int
	lossRounds, lossSwitches     int
	momentRounds, momentSwitches int
	tailRounds, tailSwitches     int
	deploys                      int // of each kind; even, so that the script ends where it began
}

var (
	full = size{
		costRounds: 7, settingRounds: 5, costTime: 2 * time.Second, throughputRounds: 5, lossRounds: 4, lossSwitches: 25,
		momentRounds: 5, momentSwitches: 20, tailRounds: 5, tailSwitches: 8, deploys: 4,
	}
	brief = size{costRounds: 3, costTime: time.Second, lossRounds: 1, lossSwitches: 16}
)

type part struct {
	name    string
	brief   bool // in the short form too
	measure func(context.Context, *bench) error
}

var parts = []part{
	{"cost", true, costs},
	{"loss", true, losses},
	{"moment", false, moments},
	{"tail", false, tails},
	{"throughput", false, throughput},
	{"deploy", false, deploys},
	{"settings", false, alternatives},
}

// bench is one run: how much it measures and what it found.
type bench struct {
	teal   string // absolute path
	size   size
	result result
}

var errMissed = errors.New("a bar was missed")

// longest bounds a run.
const longest = 20 * time.Minute

func run(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	b, err := prepare(ctx, o)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	until := time.Now().Add(o.quiet)
	for _, one := range parts {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), one.name) || o.short && !one.brief {
			continue
		}
		if err := b.measured(ctx, one, until); err != nil {
			// What was whole by then stays worth something.
			b.result.unfinished(one.name)
			return errors.Join(fmt.Errorf("%s: %w", one.name, err), b.result.print(os.Stdout), b.keep(o))
		}
	}
	return b.tell(o)
}

func (b *bench) measured(ctx context.Context, one part, until time.Time) error {
	before, err := machine.Calm(ctx, until)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%-10s %s\n", one.name, before)
	began := time.Now()
	if err := one.measure(ctx, b); err != nil {
		return err
	}
	b.result.Parts[one.name] = ran{
		Date: b.result.Date, Revision: b.result.Revision, Took: time.Since(began).Round(time.Second).String(),
		Noise: machine.SectionNoise{Before: before, After: machine.Listen(ctx)},
	}
	return ctx.Err()
}

func prepare(ctx context.Context, o options) (*bench, error) {
	b := &bench{size: full}
	var err error
	if b.teal, err = filepath.Abs(o.teal); err != nil {
		return nil, err
	}
	if _, err := os.Stat(b.teal); err != nil {
		return nil, fmt.Errorf("find teal (make build): %w", err)
	}
	if o.short {
		b.size = brief
	}
	engine, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Output()
	if err != nil {
		return nil, fmt.Errorf("ask Docker for its version: %w", err)
	}
	m, err := machine.Describe(ctx, strings.TrimSpace(string(engine)))
	if err != nil {
		return nil, err
	}
	b.result = result{
		Date: time.Now().UTC().Truncate(time.Second), Machine: m,
		Parts: map[string]ran{}, Versions: map[string]string{}, Ratios: map[string]ratioOf{},
	}
	for name, asked := range map[string][]string{
		"haproxy": {"haproxy", "-v"}, "caddy": {"caddy", "version"}, "docker-proxy": {"dpkg-query", "-W", "-f", "${Version}", "docker.io"},
	} {
		out, err := exec.CommandContext(ctx, asked[0], asked[1:]...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s (script/setup --bench installs it): %w", name, err)
		}
		b.result.Versions[name], _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	}
	revision, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty").Output()
	if err != nil {
		return nil, fmt.Errorf("ask git what is measured: %w", err)
	}
	b.result.Revision = strings.TrimSpace(string(revision))
	return b, nil
}

// tell prints the figures, keeps them, and is an error if a bar was missed.
func (b *bench) tell(o options) error {
	if err := b.result.print(os.Stdout); err != nil {
		return err
	}
	missed, bars := b.result.missed(), len(b.result.Bars)
	if err := b.keep(o); err != nil {
		return fmt.Errorf("keep the figures: %w", err)
	}
	if missed > 0 {
		return fmt.Errorf("%w: %d of %d", errMissed, missed, bars)
	}
	return nil
}

// keep writes the figures down, with those of parts that were not measured now
// as they are. A short run proves too little to be kept.
func (b *bench) keep(o options) error {
	if o.short || o.out == "" {
		return nil
	}
	if err := b.result.join(o.out); err != nil {
		return err
	}
	return b.result.save(o.out)
}
