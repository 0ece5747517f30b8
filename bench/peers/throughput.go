package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The bar of the throughput, of the static nginx's.
const throughputShare = 0.95

// way is a protocol, with what loads it.
type way struct {
	name string
	load generator
	best bool // HAProxy and Caddy too, and the latency is compared
}

var ways = []way{
	{"HTTP/1.1", wrkPlain, false},
	{"HTTP/1.1 over TLS, kept connections", wrkSecure, true},
	{"TLS, a resumed handshake for each request", resumed, true},
	{"TLS, a full handshake for each request", handshakes, true},
	{"HTTP/2", h2load, false},
}

// throughput measures how many requests a second of one processor answers.
// Where the load generator can't fill it, the rate is taken of the time that
// the proxy used.
func throughput(ctx context.Context, b *bench) (err error) {
	c, err := apart()
	if err != nil {
		return err
	}
	s, err := newStand(ctx, c, tealBlue, tealGreen, static, haproxy, caddy)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	for _, w := range ways {
		peers := s.peers
		if !w.best {
			peers = s.peers[:3] // teal's two and the static nginx
		}
		all, err := s.rounds(ctx, b.size.throughputRounds, b.size.costTime, w.load, peers...)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		b.throughputBars(w, peers, all)
	}
	return nil
}

func (b *bench) throughputBars(w way, peers []*peer, all map[string][]sample) {
	rates, tails := map[string]series{}, map[string]series{}
	for _, p := range peers {
		note := fmt.Sprintf("%.0f %% of its processor", seriesOf(each(all[p.name], sample.busy)).Median)
		rates[p.name] = b.result.add("throughput", w.name+", for each second of the proxy's processor", p.name, "requests", note, each(all[p.name], sample.capacity))
		if w.best {
			tails[p.name] = b.result.add("throughput", w.name+", p99", p.name, "ms", "", each(all[p.name], func(s sample) float64 { return micros(s.p99) / 1000 }))
		}
	}
	for _, own := range []maker{tealBlue, tealGreen} {
		share := rates[own.name].against(rates[static.name], ratio)
		b.result.least("throughput", w.name+", "+own.name+" / static nginx", throughputShare, "", share)
		if w.best {
			b.tailBar(w, own, tails)
		}
	}
}

// tailBar: no worse than the best is what lies within the best's own spread.
func (b *bench) tailBar(w way, own maker, tails map[string]series) {
	best := tails[static.name]
	for _, name := range slices.Sorted(maps.Keys(tails)) {
		if tails[name].Median < best.Median && name != tealBlue.name && name != tealGreen.name {
			best = tails[name]
		}
	}
	b.result.bar("throughput", w.name+", p99, "+own.name, fmt.Sprintf("≤ %s ms, the best's", digits(best.Max)), tails[own.name], tails[own.name].Median <= best.Max)
}
