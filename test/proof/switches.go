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
		{Kind: load.Upload, Clients: 8, Size: 100_000, Over: 700 * time.Millisecond},
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
	turns, late, err := p.turns(ctx, s, running)
	report := running.Stop()
	for _, one := range late {
		report.Add(one)
	}
	p.add(row{
		Name: "router, both colors run, one in " + fmt.Sprint(p.size.drainEvery) + " drained and killed", Switches: turns,
		report: report, audit: load.Compare(s.ledger, report),
	})
	return err
}

// turns switches until there were as many as wanted and as many requests, or
// the time is over. It returns what the uploads saw that came late.
func (p *proof) turns(ctx context.Context, s *stand, running *load.Running) (turns int, late []load.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.size.switchTime)
	defer cancel()
	tick := time.NewTicker(p.size.every)
	defer tick.Stop()
	for turns < p.size.switches || running.Sent() < p.size.requests {
		select {
		case <-ctx.Done():
			return turns, late, fmt.Errorf("%d switches beside %d requests when the time was over: %w", turns, running.Sent(), ctx.Err())
		case <-tick.C:
		}
		turns++
		if turns%p.size.drainEvery > 0 {
			err = s.turn(ctx)
		} else {
			var report load.Report
			report, err = s.release(ctx, 4)
			late = append(late, report)
		}
		if err != nil {
			return turns, late, fmt.Errorf("switch %d: %w", turns, err)
		}
	}
	return turns, late, nil
}

// release switches as a deploy does: the color that is left is drained and
// killed. Uploads are under way to it that end while it is gone: their bodies
// are with nginx, so no drain sees them, and they have to go to the other. It
// returns what they saw; then the color runs again.
func (s *stand) release(ctx context.Context, uploads int) (load.Report, error) {
	late := load.Start(ctx, s.load(load.Group{Kind: load.Upload, Clients: uploads, Size: 100_000, Over: lateFor, Once: true}))
	pause(ctx, soonBegun)
	old := s.live
	err := s.leave(ctx)
	if err == nil {
		err = s.pair.all(old, (*place).kill)
	}
	report := late.Wait()
	return report, errors.Join(err, s.pair.all(old, (*place).start))
}

// lateFor is longer than the drain takes, which is a second where nothing is
// inside: so long nginx keeps connections for later requests. soonBegun is
// when nginx has surely read where the uploads want to go.
const (
	lateFor   = 4 * time.Second
	soonBegun = 200 * time.Millisecond
)

// leave switches, and drains the color that is left.
func (s *stand) leave(ctx context.Context) error {
	old := s.live
	if err := s.turn(ctx); err != nil {
		return err
	}
	limits := release.DrainLimits{Timeout: 10 * time.Second, Streams: 10 * time.Second}
	drained, err := s.router.Drain(ctx, s.app, s.pair.net, old, limits, nil)
	if err == nil && drained.Cut > 0 {
		err = fmt.Errorf("after %s %d connections still led to %s", drained.Took, drained.Cut, old)
	}
	return err
}

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
