package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"teal/bench/site"
	"teal/bench/spread"
)

// The promised limits of a deploy.
const (
	overheadLimit = 500 // ms
	memoryLimit   = 80  // MiB
	sizeLimit     = 40  // MiB
)

// deployRuns is how many releases are measured, after two that fill the
// colors.
const deployRuns = 10

// deploys measures releases of one service with all defaults, by the binary on
// a real Docker: what teal adds to them, and how soon it notices that the
// application is ready.
func deploys(ctx context.Context, b *bench) error {
	var all []site.Deployed
	var peaks []float64
	for n := range deployRuns + 2 {
		one, err := b.site.Deploy(ctx)
		if err != nil {
			return fmt.Errorf("deploy %d: %w", n+1, err)
		}
		peaks = append(peaks, one.Story.Peak)
		if n >= 2 { // the first two make networks, nginx's config, the journal
			all = append(all, one)
		}
	}
	b.report.add("deploy", "teal's own overhead, one service", "ms", overheadLimit, each(all, site.Deployed.Overhead))
	for _, part := range site.Parts {
		b.report.add("deploy", "  "+part.Name, "ms", 0, each(all, part.Of))
	}
	b.report.add("deploy", "ready to gate passed, http, 3 answers", "ms", noticeLimit, each(all, site.Deployed.Noticed))
	b.report.add("deploy", "decision to confirmation", "ms", switchLimit, each(all, site.Deployed.Switched))
	b.report.add("deploy", "peak memory", "MiB", memoryLimit, peaks)
	return b.size()
}

func (b *bench) size() error {
	info, err := os.Stat(b.teal)
	if err != nil {
		return err
	}
	b.report.add("deploy", "stripped binary", "MiB", sizeLimit, []float64{float64(info.Size()) / (1 << 20)})
	return nil
}

func each(all []site.Deployed, of func(site.Deployed) time.Duration) []float64 {
	var durations []time.Duration
	for _, d := range all {
		durations = append(durations, of(d))
	}
	return spread.Millis(durations)
}
