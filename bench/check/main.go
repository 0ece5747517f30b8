// Command check is a guard against slow decay: it measures for half a minute
// what a request costs through teal's nginx beside one written by hand, and
// what a switch takes beside a reload, and compares both ratios with those that
// are committed. Ratios, since the machine is another each time.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"teal/bench/machine"
)

// options are what the command line sets.
type options struct {
	baseline string
	record   bool
	rounds   int
}

var errSlower = errors.New("slower than the committed baseline")

func main() {
	var o options
	flag.StringVar(&o.baseline, "baseline", "bench/results/baseline.json", "the committed ratios")
	flag.BoolVar(&o.record, "record", false, "write the ratios there, instead of comparing them")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds over all that is measured")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// baseline is what later runs are compared with.
type baseline struct {
	Date    time.Time       `json:"date"`
	Machine machine.Machine `json:"machine"`
	Noise   machine.Noise   `json:"noise"` // before it
	Ratios  ratios          `json:"ratios"`
}

func run(ctx context.Context, o options) error {
	noise := machine.Listen(ctx)
	fmt.Println(noise)
	now, err := measure(ctx, o.rounds)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	if o.record {
		return record(ctx, o.baseline, noise, now)
	}
	text, err := os.ReadFile(o.baseline)
	if err != nil {
		return fmt.Errorf("read the baseline: %w", err)
	}
	var was baseline
	if err := json.Unmarshal(text, &was); err != nil {
		return fmt.Errorf("read %s: %w", o.baseline, err)
	}
	slower := 0
	for _, f := range compare(was.Ratios, now) {
		fmt.Println(f)
		if !f.ok() {
			slower++
		}
	}
	if slower > 0 {
		return fmt.Errorf("%w: %d of the ratios above", errSlower, slower)
	}
	return nil
}

func record(ctx context.Context, path string, noise machine.Noise, now ratios) error {
	m, err := machine.Describe(ctx, "none")
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(baseline{time.Now().UTC().Truncate(time.Second), m, noise, now}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
