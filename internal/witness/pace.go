package witness

import (
	"context"
	"time"
)

// pace says when a client's next request begins.
type pace struct {
	think time.Duration
	every time.Duration
	due   time.Time
	first bool
}

// newPace spreads the clients of a group that sends at a rate over the time
// between two requests, so that they don't send in step.
func newPace(g Group, n int, now time.Time) *pace {
	offset := g.Every * time.Duration(n) / time.Duration(g.Count)
	return &pace{think: g.Think, every: g.Every, due: now.Add(offset), first: true}
}

// wait waits until the next request is due and reports whether it may begin.
func (p *pace) wait(ctx context.Context) bool {
	now := time.Now()
	p.advance(now)
	return pause(ctx, p.due.Sub(now))
}

// advance never makes up for requests whose time has passed: a slow answer
// lowers the rate, it is not followed by a burst.
func (p *pace) advance(now time.Time) {
	switch {
	case p.first:
		p.first = false
	case p.every <= 0:
		p.due = now.Add(p.think)
	default:
		missed := max(0, now.Sub(p.due)/p.every)
		p.due = p.due.Add((missed + 1) * p.every)
	}
}

// pause waits for d and reports whether ctx is still going on.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
