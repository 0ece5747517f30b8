package main

import (
	"context"

	"teal/bench/spread"
)

// The promised limits of small commands, in milliseconds.
const (
	versionLimit = 40
	statusLimit  = 150
)

// commandRuns is how often a small command is run.
const commandRuns = 50

// commands measures, as a shell would, what people wait for most: from the
// start of the process to its end, status with an application that is live.
func commands(ctx context.Context, b *bench) error {
	if _, err := b.site.Deploy(ctx); err != nil {
		return err
	}
	for _, c := range []struct {
		name  string
		limit float64
	}{{"version", versionLimit}, {"status", statusLimit}} {
		took, err := b.site.Timed(ctx, commandRuns, c.name)
		if err != nil {
			return err
		}
		b.report.add("commands", "teal "+c.name, "ms", c.limit, spread.Millis(took))
	}
	return nil
}
