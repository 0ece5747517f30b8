package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"teal/internal/release"
	"teal/test/load"
)

// long deploys across many long connections. Half of the streams have their
// end before the drain's limit and half would go on for much longer; the slow
// uploads end when the color that they began in is gone: when the deploy is
// over. What the receipt says
// was cut has to be what the clients saw cut.
func (p *proof) long(ctx context.Context, s *site) ([]load.Report, error) {
	limits := policy{p.size.streamsEnd, p.size.streamsEnd + limitAfter, release.StandbyCold}
	if err := s.configure(limits); err != nil {
		return nil, err
	}
	lasting, others := p.patient(ctx, s, p.lasting()), p.patient(ctx, s, p.users())
	receipt, err := release.Receipt{}, standing(ctx, lasting, 2*p.size.streams)
	if err == nil {
		receipt, err = s.deploy(ctx)
	}
	if err == nil {
		err = standing(ctx, lasting, 0)
	}
	if err != nil {
		lasting.Stop()
		others.Stop()
		return nil, err
	}
	reports := []load.Report{lasting.Stop(), others.Stop()}
	p.add(p.parted(receipt, reports[0]))
	p.add(row{Name: "  other clients meanwhile", report: reports[1]})
	return reports, nil
}

// patient starts clients who wait for a minute: the uploads end together, and
// their bodies, which lie with nginx on disk, are more than a machine may pass
// on at once.
func (p *proof) patient(ctx context.Context, s *site, groups []load.Group) *load.Running {
	l := s.load(groups...)
	l.Timeout = time.Minute
	return load.Start(ctx, l)
}

// limitAfter is how long after the first half's end the drain's limit comes at
// the earliest.
const limitAfter = 4 * time.Second

func (p *proof) lasting() []load.Group {
	half, ends, think := p.size.streams/2, p.size.streamsEnd, 500*time.Millisecond
	return []load.Group{
		{Kind: load.WebSocket, Clients: half, Over: ends, Think: think, Once: true},
		{Kind: load.WebSocket, Clients: half, Over: time.Hour, Think: think, Once: true},
		{Kind: load.Events, Clients: half, Over: ends, Once: true},
		{Kind: load.Events, Clients: half, Over: time.Hour, Once: true},
		{Kind: load.Upload, Clients: p.size.uploads, Size: p.size.lateUpload, Over: time.Hour, Once: true},
	}
}

// standing waits until so many streams have begun and not ended.
func standing(ctx context.Context, running *load.Running, want int) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for pause(ctx, 20*time.Millisecond) {
		if running.Streams() == want {
			return nil
		}
	}
	return fmt.Errorf("%d of %d streams stand: %v", running.Streams(), want, errors.Join(ctx.Err(), fmt.Errorf("%v", running.SoFar().First)))
}

// parted compares the receipt with what the clients saw.
func (p *proof) parted(receipt release.Receipt, report load.Report) row {
	r := row{Name: fmt.Sprintf("teal deploy across %d WebSockets, %d event streams, %d slow uploads", p.size.streams, p.size.streams, p.size.uploads), Switches: 1, report: report}
	r.Cut = report.Kinds[load.WebSocket][load.Cut] + report.Kinds[load.Events][load.Cut]
	said := -1
	if receipt.Drained != nil {
		said = receipt.Drained.Cut
	}
	r.Note = fmt.Sprintf("cut at the limit: %d by the receipt, %d by the clients", said, r.Cut)
	if said != r.Cut || r.Cut != p.size.streams {
		r.Broken = fmt.Sprintf("%s, %d were to be", r.Note, p.size.streams)
	}
	return r
}
