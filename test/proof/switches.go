package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"teal/internal/release"
	"teal/test/load"
)

// crowd is all kinds of clients at once.
func crowd(s size) []load.Group {
	return []load.Group{
		{Kind: load.Post, Clients: 32, Think: s.think},
		{Kind: load.Post, Clients: 8, TLS: true, Think: s.think},
		{Kind: load.Post, Clients: 8, Over: 100 * time.Millisecond, Think: s.think},
		{Kind: load.Post, Rate: s.rate},
		{Kind: load.Post, Rate: s.rate / 4, TLS: true},
		{Kind: load.Get, Clients: 8, Think: s.think},
		{Kind: load.Get, Clients: 4, TLS: true, Think: s.think},
		{Kind: load.Fresh, Clients: 2, Think: 4 * s.think},
		{Kind: load.Pipelined, Clients: 8, Think: 2 * s.think},
		{Kind: load.HTTP2, TLS: true, Clients: 32, Think: s.think},
		{Kind: load.Upload, Clients: 3, Size: s.upload, Over: s.uploadOver},
		{Kind: load.Upload, Clients: 8, Size: 100_000, Over: 2 * time.Second},
		{Kind: load.WebSocket, Clients: 16, Think: 20 * time.Millisecond, Over: time.Second},
		{Kind: load.Events, Clients: 16, Over: time.Second},
		{Kind: load.Chunks, Clients: 16, Over: 300 * time.Millisecond},
	}
}

// switches moves all clients to and fro between two colors that run, and in
// every one of so many turns the color that was left is drained and killed.
func (p *proof) switches(ctx context.Context) (err error) {
	s, err := newStand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	running := load.Start(ctx, s.load(crowd(p.size)...))
	turns, err := p.turns(ctx, s, running)
	report := running.Stop()
	audit := load.Compare(s.ledger, report)
	p.add(row{
		Name: "router, both colors run; each " + fmt.Sprint(p.size.drainEvery) + "th drained and killed", Switches: turns,
		report: report, audit: audit,
	})
	return err
}

// turns switches until there were as many as wanted and as many requests, or
// the time is over.
func (p *proof) turns(ctx context.Context, s *stand, running *load.Running) (turns int, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.size.switchTime)
	defer cancel()
	tick := time.NewTicker(p.size.every)
	defer tick.Stop()
	for turns < p.size.switches || running.Sent() < p.size.requests {
		select {
		case <-ctx.Done():
			return turns, fmt.Errorf("%d switches beside %d requests when the time was over: %w", turns, running.Sent(), ctx.Err())
		case <-tick.C:
		}
		turns++
		if turns%p.size.drainEvery == 0 {
			err = s.release(ctx)
		} else {
			err = s.turn(ctx)
		}
		if err != nil {
			return turns, fmt.Errorf("switch %d: %w", turns, err)
		}
	}
	return turns, nil
}

// release switches as a deploy does: the color that is left is drained and
// stopped. It stays away for a while, since what is sent to it late must go to
// the other; then it runs again.
func (s *stand) release(ctx context.Context) error {
	old := s.live
	if err := s.turn(ctx); err != nil {
		return err
	}
	limits := release.DrainLimits{Timeout: 10 * time.Second, Streams: 10 * time.Second}
	drained, err := s.router.Drain(ctx, s.app, s.pair.net, old, limits, nil)
	if err != nil {
		return err
	}
	if drained.Cut > 0 {
		return fmt.Errorf("after %s %d connections still led to %s", drained.Took, drained.Cut, old)
	}
	if err := s.pair.all(old, (*place).kill); err != nil {
		return err
	}
	pause(ctx, stoppedFor)
	return s.pair.all(old, (*place).start)
}

// stoppedFor and a drain, which takes a second at least, are longer than the
// short uploads take: those that began before the switch end while their color
// is away.
const stoppedFor = time.Second

// pause waits for d and reports whether ctx is still going on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
