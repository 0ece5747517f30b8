package main

import (
	"context"
	"fmt"

	"teal/bench/site"
)

// coldLimit is what teal may add to the application's own start in a rollback
// to a cold standby, in milliseconds.
const coldLimit = 300

// coldRuns is how many such rollbacks are measured.
const coldRuns = 8

// cold measures rollbacks to a cold standby by the binary: from its start until
// clients are with the release of before.
func cold(ctx context.Context, b *bench) error {
	if err := b.site.Configure("cold"); err != nil {
		return err
	}
	var newest site.Deployed
	for range 2 { // the second stops what it replaces
		var err error
		if newest, err = b.site.Deploy(ctx); err != nil {
			return err
		}
	}
	pair := []int{newest.Story.Receipt.Replaced, newest.Story.Receipt.Release}
	var all []site.Deployed
	for n := range coldRuns {
		one, err := b.site.Back(ctx, pair[n%2])
		if err != nil {
			return fmt.Errorf("rollback %d: %w", n+1, err)
		}
		all = append(all, one)
	}
	b.report.add("cold", "rollback to a cold standby, beyond the application's start", "ms", coldLimit, each(all, site.Deployed.Beyond))
	b.report.add("cold", "  from the command's start until clients are there", "ms", 0, each(all, site.Deployed.Arrived))
	b.report.add("cold", "  less Docker's start of the containers", "ms", 0, each(all, site.Deployed.Created))
	b.report.add("cold", "  less the application's own start", "ms", 0, each(all, site.Deployed.Started))
	return nil
}
