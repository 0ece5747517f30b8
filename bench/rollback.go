package main

import (
	"context"
	"fmt"
	"time"

	"teal/bench/site"
	"teal/bench/spread"
)

// rollbackRuns is how many rollbacks are measured, idle and again under load.
const rollbackRuns = 12

// rollbacks measures rollbacks to a warm standby by the binary.
func rollbacks(ctx context.Context, b *bench) error {
	if err := b.site.Configure("warm"); err != nil {
		return err
	}
	var newest site.Deployed
	for range 2 { // the second leaves what it replaces running
		var err error
		if newest, err = b.site.Deploy(ctx); err != nil {
			return err
		}
	}
	pair := []int{newest.Story.Receipt.Replaced, newest.Story.Receipt.Release}
	if err := b.roll(ctx, pair, "idle"); err != nil {
		return err
	}
	load := light(ctx, b.site.Addr, "/")
	err := b.roll(ctx, pair, "light load")
	seen := load.Stop()
	b.report.none("rollback", fmt.Sprintf("lost under light load, %d rollbacks of the binary", rollbackRuns), seen.Lost(), seen.Sent, seen.First)
	return err
}

// roll goes to and fro; pair[1] is live before and after.
func (b *bench) roll(ctx context.Context, pair []int, under string) error {
	var switched, took []time.Duration
	for n := range rollbackRuns {
		t, err := b.site.Rollback(ctx, pair[n%2])
		if err != nil {
			return fmt.Errorf("rollback %d: %w", n+1, err)
		}
		switched = append(switched, t.Receipt.Switch)
		took = append(took, t.Took()-t.Receipt.Drained.Took)
	}
	b.report.add("rollback", "decision to confirmation, "+under, "ms", switchLimit, spread.Millis(switched))
	b.report.add("rollback", "  the whole command but the drain, "+under, "ms", 0, spread.Millis(took))
	return nil
}
