package site

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"teal/internal/release"
)

// Rollback rolls back to a release that runs as a warm standby.
func (s *Site) Rollback(ctx context.Context, to int) (Story, error) {
	t, err := s.carryOut(ctx, nil, "rollback", "--to", strconv.Itoa(to))
	if err == nil && t.Receipt.Drained == nil {
		err = fmt.Errorf("the rollback to %d drained nothing: there was no warm standby", to)
	}
	return t, err
}

// Back rolls back to a release that lies stopped.
func (s *Site) Back(ctx context.Context, to int) (Deployed, error) {
	t, err := s.Rollback(ctx, to)
	if err != nil {
		return Deployed{}, err
	}
	if !slices.ContainsFunc(t.engine, starts) {
		return Deployed{}, fmt.Errorf("the rollback to %d started nothing: there was no cold standby", to)
	}
	ready, err := s.ready(ctx)
	return Deployed{t, ready}, err
}

// Arrived is how long after the command's start nginx had confirmed that
// clients are with the release. The drain and the stop of the other come later.
func (d Deployed) Arrived() time.Duration {
	at, _ := d.Story.done(release.StepConfirm)
	return at.Sub(d.Story.began)
}

// Beyond is what remains of that when the containers' start and the
// application's own are taken off.
func (d Deployed) Beyond() time.Duration { return d.Arrived() - d.Created() - d.Started() }
