package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"teal/internal/release"
)

// coldLimit is what teal may add to the application's own start in a rollback
// to a cold standby, in milliseconds.
const coldLimit = 300

// coldRuns is how many such rollbacks are measured.
const coldRuns = 10

// cold measures rollbacks to a cold standby by the binary: from its start until
// clients are with the release of before.
func cold(ctx context.Context, b *bench) error {
	if err := b.site.configure("cold"); err != nil {
		return err
	}
	var newest deployed
	for range 2 { // the second stops what it replaces
		var err error
		if newest, err = b.site.deploy(ctx); err != nil {
			return err
		}
	}
	pair := []int{newest.story.receipt.Replaced, newest.story.receipt.Release}
	var all []deployed
	for n := range coldRuns {
		one, err := b.site.back(ctx, pair[n%2])
		if err != nil {
			return fmt.Errorf("rollback %d: %w", n+1, err)
		}
		all = append(all, one)
	}
	b.report.add("cold", "rollback to a cold standby, beyond the application's start", "ms", coldLimit, each(all, deployed.beyond))
	b.report.add("cold", "  from the command's start until clients are there", "ms", 0, each(all, deployed.arrived))
	b.report.add("cold", "  less Docker's start of the containers", "ms", 0, each(all, deployed.created))
	b.report.add("cold", "  less the application's own start", "ms", 0, each(all, deployed.started))
	return nil
}

// back rolls back to a release that lies stopped.
func (s *site) back(ctx context.Context, to int) (deployed, error) {
	t, err := s.rollback(ctx, to)
	if err != nil {
		return deployed{}, err
	}
	if !slices.ContainsFunc(t.engine, starts) {
		return deployed{}, fmt.Errorf("the rollback to %d started nothing: there was no cold standby", to)
	}
	ready, err := s.ready(ctx)
	return deployed{t, ready}, err
}

// arrived is how long after the command's start nginx had confirmed that
// clients are with the release. The drain and the stop of the other come later.
func (d deployed) arrived() time.Duration {
	at, _ := d.story.done(release.StepConfirm)
	return at.Sub(d.story.began)
}

// beyond is what remains of that when the containers' start and the
// application's own are taken off.
func (d deployed) beyond() time.Duration { return d.arrived() - d.created() - d.started() }
