package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"teal/bench/crowd"
	"teal/bench/machine"
	"teal/internal/release"
)

// The load under which switches are compared: clients that never send a
// request twice.
const (
	lossClients = 64
	lossThink   = 5 * time.Millisecond
	lossEvery   = 150 * time.Millisecond
)

// ride is what clients saw of a number of switches.
type ride struct {
	calls []crowd.Call
	turns []crowd.Turn
}

// ride switches a proxy to and fro under load.
func (p *peer) ride(ctx context.Context, clients int, think, every time.Duration, switches int) (ride, error) {
	load := crowd.Dial(ctx, p.plain, clients, think)
	turns, err := p.turns(ctx, every, switches)
	r := ride{load.HangUp(), turns}
	if err != nil {
		return r, fmt.Errorf("switch %s: %w", p.name, err)
	}
	if err := r.served(); err != nil {
		return r, fmt.Errorf("%s: %w", p.name, err)
	}
	return r, nil
}

func (p *peer) turns(ctx context.Context, every time.Duration, switches int) ([]crowd.Turn, error) {
	var turns []crowd.Turn
	tick := time.NewTicker(every)
	defer tick.Stop()
	for range switches {
		select {
		case <-ctx.Done():
			return turns, ctx.Err()
		case <-tick.C:
		}
		t := crowd.Turn{To: p.live.Other(), Decided: time.Now()}
		if err := p.flip(ctx, t.To); err != nil {
			return turns, err
		}
		t.Confirmed, p.live = time.Now(), t.To
		if p.decided != nil {
			t.Decided = p.decided()
		}
		turns = append(turns, t)
	}
	machine.Pause(ctx, every) // what follows the last switch counts too
	return turns, nil
}

// served is an error if not each switch that had time to brought answers of its
// color: a proxy that never switched would lose nothing.
func (r ride) served() error {
	by := map[release.Color]int{}
	for _, c := range r.calls {
		by[c.Color]++
	}
	for _, c := range release.Colors {
		if by[c]*5 < len(r.calls) {
			return fmt.Errorf("of %d requests %s answered %d: it did not switch", len(r.calls), c, by[c])
		}
	}
	return nil
}

// losses counts what each way to switch loses under the same load.
func losses(ctx context.Context, b *bench) (err error) {
	s, err := newStand(ctx, shared, teal, haproxyAPI, service, leastConn, haproxy, caddy)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	lost, sent := map[string][]float64{}, map[string]int{}
	for range b.size.lossRounds {
		for _, p := range s.peers {
			r, err := p.ride(ctx, lossClients, lossThink, lossEvery, b.size.lossSwitches)
			if err != nil {
				return err
			}
			seen := crowd.Judge(r.calls, r.turns)
			lost[p.name] = append(lost[p.name], float64(seen.Lost)*100/float64(len(r.turns)))
			sent[p.name] += seen.Sent
		}
	}
	return b.lossBars(s.peers, lost, sent)
}

func (b *bench) lossBars(peers []*peer, lost map[string][]float64, sent map[string]int) error {
	of := map[string]series{}
	for _, p := range peers {
		note := fmt.Sprintf("%d requests, %d switches", sent[p.name], b.size.lossRounds*b.size.lossSwitches)
		of[p.name] = b.result.add("loss", "requests lost in 100 switches", p.name, "requests", note, lost[p.name])
	}
	worst := of[teal.name]
	worst.Median = worst.Max // one lost is one too many
	b.result.most("loss", "lost by teal in 100 switches", 0, "", worst)
	for _, m := range []maker{service, leastConn, haproxy, caddy} {
		if of[m.name].Max == 0 {
			return fmt.Errorf("%w: %s reloads and lost nothing, so the clients may be blind", errVoid, m.name)
		}
	}
	return nil
}
