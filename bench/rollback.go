package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// rollbackRuns is how many rollbacks are measured, idle and again under load.
const rollbackRuns = 20

// rollbacks measures rollbacks to a warm standby by the binary.
func rollbacks(ctx context.Context, b *bench) error {
	if err := b.site.configure("warm"); err != nil {
		return err
	}
	var newest deployed
	for range 2 { // the second leaves what it replaces running
		var err error
		if newest, err = b.site.deploy(ctx); err != nil {
			return err
		}
	}
	pair := []int{newest.story.receipt.Replaced, newest.story.receipt.Release}
	if err := b.roll(ctx, pair, "idle"); err != nil {
		return err
	}
	load := light(ctx, b.site.addr, "/")
	err := b.roll(ctx, pair, "light load")
	seen := load.Stop()
	b.report.none("rollback", fmt.Sprintf("lost under light load, %d rollbacks of the binary", rollbackRuns), seen.Lost(), seen.Sent, seen.First)
	return err
}

// roll goes to and fro; pair[1] is live before and after.
func (b *bench) roll(ctx context.Context, pair []int, under string) error {
	var switched, took []time.Duration
	for n := range rollbackRuns {
		t, err := b.site.rollback(ctx, pair[n%2])
		if err != nil {
			return fmt.Errorf("rollback %d: %w", n+1, err)
		}
		switched = append(switched, t.receipt.Switch)
		took = append(took, t.took()-t.receipt.Drained.Took)
	}
	b.report.add("rollback", "decision to confirmation, "+under, "ms", switchLimit, millis(switched))
	b.report.add("rollback", "  the whole command but the drain, "+under, "ms", 0, millis(took))
	return nil
}

func (s *site) rollback(ctx context.Context, to int) (story, error) {
	t, err := s.carryOut(ctx, nil, "rollback", "--to", strconv.Itoa(to))
	if err == nil && t.receipt.Drained == nil {
		err = fmt.Errorf("the rollback to %d drained nothing: there was no warm standby", to)
	}
	return t, err
}
