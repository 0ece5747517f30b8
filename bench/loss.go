package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"teal/bench/crowd"
	"teal/bench/machine"
	"teal/bench/stage"
	"teal/internal/release"
)

// The load under which teal and the usual way are compared, and the switches
// of each.
const (
	lossClients  = 64
	lossThink    = 5 * time.Millisecond
	lossSwitches = 60
	lossEvery    = 150 * time.Millisecond
)

// flip is a way to switch: it returns once the color is said to be live.
type flip func(context.Context, release.Color) (crowd.Turn, error)

// loss puts the same load on both ways to switch and counts what is lost, and
// what reaches the color that has been left.
func loss(ctx context.Context, b *bench) (err error) {
	s, err := stage.New(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	reload, err := newUsual(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reload.Close(context.WithoutCancel(ctx))) }()
	usual, err := under(ctx, reload.Addr, reload.flip)
	if err != nil {
		return fmt.Errorf("switch by reload: %w", err)
	}
	teal, err := under(ctx, s.Addr(), s.Flip)
	if err != nil {
		return fmt.Errorf("switch by teal: %w", err)
	}
	b.compare(teal, usual)
	return nil
}

func (b *bench) compare(teal, usual crowd.Judged) {
	how := fmt.Sprintf("%d switches, %d connections", lossSwitches, lossClients)
	b.report.none("loss", "lost, teal, "+how, teal.Lost, teal.Sent, "")
	note := fmt.Sprintf("%.1f a switch", float64(usual.Lost)/lossSwitches)
	b.report.control("loss", "lost, include and nginx -s reload, same load", usual.Lost, usual.Sent, note)
	b.report.none("loss", "old color after the confirmation, teal", teal.Stray, teal.Sure, "")
	note = fmt.Sprintf("up to %d ms after it", usual.Latest.Milliseconds())
	b.report.control("loss", "old color after nginx -s reload returned", usual.Stray, usual.Sure, note)
}

// under switches to and fro under load and judges every request.
func under(ctx context.Context, addr string, to flip) (crowd.Judged, error) {
	load := crowd.Dial(ctx, addr, lossClients, lossThink)
	turns, err := flips(ctx, to)
	calls := load.HangUp()
	return crowd.Judge(calls, turns), err
}

func flips(ctx context.Context, to flip) ([]crowd.Turn, error) {
	var turns []crowd.Turn
	tick := time.NewTicker(lossEvery)
	defer tick.Stop()
	for n := range lossSwitches {
		select {
		case <-ctx.Done():
			return turns, ctx.Err()
		case <-tick.C:
		}
		t, err := to(ctx, release.Colors[n%2])
		if err != nil {
			return turns, err
		}
		turns = append(turns, t)
	}
	machine.Pause(ctx, lossEvery) // what follows the last switch counts too
	return turns, nil
}
