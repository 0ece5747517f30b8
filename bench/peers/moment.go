package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"teal/bench/crowd"
)

// The light load under which the moment of a switch is looked at, and the bars.
const (
	momentClients = 16
	momentThink   = 5 * time.Millisecond
	momentEvery   = 200 * time.Millisecond
	settleLimit   = 10 // ms, p99
	settleFaster  = 10 // times
)

// moments measures how long after the decision the last request goes to the
// color that is left.
func moments(ctx context.Context, b *bench) (err error) {
	s, err := newStand(ctx, shared, teal, haproxyAPI, service, leastConn, haproxy, caddy)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	medians, tails := map[string]series{}, map[string]series{}
	after := map[string][][]time.Duration{}
	for range b.size.momentRounds {
		for _, p := range s.peers {
			r, err := p.ride(ctx, momentClients, momentThink, momentEvery, b.size.momentSwitches)
			if err != nil {
				return err
			}
			after[p.name] = append(after[p.name], crowd.Settled(r.calls, r.turns))
		}
	}
	for _, p := range s.peers {
		var middle []float64
		for _, round := range after[p.name] {
			middle = append(middle, quantile(round, 0.5))
		}
		whole := slices.Concat(after[p.name]...)
		medians[p.name] = b.result.add("moment", "decision until all new requests have the new color, p50", p.name, "ms", "", middle)
		tails[p.name] = b.result.add("moment", "the same, p99 of all switches", p.name, "ms", fmt.Sprintf("%d switches", len(whole)), []float64{quantile(whole, 0.99)})
	}
	b.momentBars(medians, tails)
	return nil
}

func (b *bench) momentBars(medians, tails map[string]series) {
	r := &b.result
	r.most("moment", "teal, decision until all new requests have the new color, p99", settleLimit, " ms", tails[teal.name])
	for _, m := range []maker{service, leastConn} {
		r.least("moment", m.name+" / teal, p99", settleFaster, "", tails[m.name].against(tails[teal.name], ratio))
		r.compare("moment", "time to switch: teal / "+m.name, medians[teal.name].against(medians[m.name], ratio))
	}
}

// quantile is the smallest of the times, in ms, that a share of them doesn't
// exceed.
func quantile(times []time.Duration, share float64) float64 {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	rank := min(int(share*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[rank]) / float64(time.Millisecond)
}

// The load under which answers around a switch are compared with others, how
// far around it they are looked at, and the bar.
const (
	tailClients = 32
	tailThink   = 8 * time.Millisecond
	tailWithin  = 500 * time.Millisecond
	tailEvery   = 2 * time.Second // as much time far from a switch as near
	tailLimit   = 1.1
)

// tails compares how long answers take around a switch with how long they take
// otherwise.
func tails(ctx context.Context, b *bench) (err error) {
	s, err := newStand(ctx, shared, teal, leastConn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	near, far := map[string][]time.Duration{}, map[string][]time.Duration{}
	ratios := map[string][]float64{}
	for range b.size.tailRounds {
		for _, p := range s.peers {
			r, err := p.ride(ctx, tailClients, tailThink, tailEvery, b.size.tailSwitches)
			if err != nil {
				return err
			}
			n, f := crowd.Around(r.calls, r.turns, tailWithin)
			near[p.name], far[p.name] = append(near[p.name], n...), append(far[p.name], f...)
			ratios[p.name] = append(ratios[p.name], ratio(quantile(n, 0.999), quantile(f, 0.999)))
		}
	}
	for _, p := range s.peers {
		n, f := quantile(near[p.name], 0.999), quantile(far[p.name], 0.999)
		b.result.add("tail", "p99.9 within 500 ms of a switch / otherwise, by rounds", p.name, "", "", ratios[p.name])
		all := b.result.add("tail", "the same, all rounds together", p.name, "",
			fmt.Sprintf("%.2f / %.2f ms of %d / %d answers", n, f, len(near[p.name]), len(far[p.name])), []float64{ratio(n, f)})
		if p.name == teal.name {
			b.result.most("tail", "teal, p99.9 within 500 ms of a switch / otherwise", tailLimit, "", all)
		}
	}
	return nil
}
