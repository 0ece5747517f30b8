package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// warmUp is put on a proxy before its first round.
const warmUp = time.Second

// sample is one round of one proxy.
type sample struct {
	burst
	own    time.Duration // processor time of the proxy
	beside time.Duration // of what else requests passed through
}

// cost is the proxy's processor time for a request, in µs.
func (s sample) cost() float64 { return micros(s.own) / float64(s.requests) }

// whole is the same with what else requests passed through.
func (s sample) whole() float64 { return micros(s.own+s.beside) / float64(s.requests) }

// capacity is how many requests a second of the proxy's processor answers.
func (s sample) capacity() float64 { return float64(s.requests) / s.own.Seconds() }

// busy is the share of its processor that the proxy used, in percent.
func (s sample) busy() float64 { return 100 * s.own.Seconds() / s.took.Seconds() }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// measure puts load on a proxy and tells what it cost.
func (s *stand) measure(ctx context.Context, p *peer, g generator, d time.Duration) (sample, error) {
	own, err := spent(p.procs)
	if err != nil {
		return sample{}, err
	}
	beside, err := spent(p.beside)
	if err != nil {
		return sample{}, err
	}
	b, err := g(ctx, s.cores.load, p, d)
	if err != nil {
		return sample{}, fmt.Errorf("load %s: %w", p.name, err)
	}
	if b.requests == 0 {
		return sample{}, fmt.Errorf("load %s: nothing was answered", p.name)
	}
	ownAfter, errOwn := spent(p.procs)
	besideAfter, errBeside := spent(p.beside)
	return sample{b, ownAfter - own, besideAfter - beside}, errors.Join(errOwn, errBeside)
}

// rounds measures all proxies in turns, as often as wanted. The order changes
// from round to round, so that none is always behind the same other.
func (s *stand) rounds(ctx context.Context, n int, d time.Duration, g generator, peers ...*peer) (map[string][]sample, error) {
	for _, p := range peers {
		if _, err := s.measure(ctx, p, g, warmUp); err != nil {
			return nil, err
		}
	}
	all := map[string][]sample{}
	for round := range n {
		for i := range peers {
			p := peers[(i+round)%len(peers)]
			one, err := s.measure(ctx, p, g, d)
			if err != nil {
				return nil, err
			}
			all[p.name] = append(all[p.name], one)
		}
	}
	return all, nil
}

// each is a figure of all rounds of a proxy.
func each(samples []sample, of func(sample) float64) (list []float64) {
	for _, one := range samples {
		list = append(list, of(one))
	}
	return list
}

// The bars of the cost.
const (
	overStatic  = 2.5 // µs more than a static nginx, at most
	overHAProxy = 1.3 // times HAProxy's, at most
	underCaddy  = 3   // times less than Caddy's, at least
	underLayout = 2   // times less than the common layouts', at least
)

// costs measures the processor time that each proxy takes for a request.
func costs(ctx context.Context, b *bench) (err error) {
	c, err := apart()
	if err != nil {
		return err
	}
	s, err := newStand(ctx, c, tealBlue, tealGreen, static, haproxy, caddy, service, leastConn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	all, err := s.rounds(ctx, b.size.costRounds, b.size.costTime, wrkPlain, s.peers...)
	if err != nil {
		return err
	}
	of := map[string]series{}
	for _, p := range s.peers {
		note := fmt.Sprintf("%.0f %% of its processor, %.0f requests/s", seriesOf(each(all[p.name], sample.busy)).Median, seriesOf(each(all[p.name], rate)).Median)
		of[p.name] = b.result.add("cost", "processor time of the proxy for a request", p.name, "µs", note, each(all[p.name], sample.cost))
		if len(p.beside) > 0 {
			b.result.add("cost", "processor time of the proxy for a request", "  with its docker-proxy", "µs", "", each(all[p.name], sample.whole))
		}
	}
	b.costBars(of)
	return nil
}

func rate(s sample) float64 { return float64(s.requests) / s.took.Seconds() }

// costBars judges both colors: each is live half of the time.
func (b *bench) costBars(of map[string]series) {
	r := &b.result
	for _, own := range []maker{tealBlue, tealGreen} {
		cost := of[own.name]
		r.most("cost", own.name+", beyond a static nginx", overStatic, " µs", cost.against(of[static.name], difference))
		r.most("cost", own.name+" / HAProxy", overHAProxy, "", cost.against(of[haproxy.name], ratio))
		r.least("cost", "Caddy / "+own.name, underCaddy, "", of[caddy.name].against(cost, ratio))
		for _, layout := range []maker{service, leastConn} {
			r.least("cost", layout.name+" / "+own.name, underLayout, "", of[layout.name].against(cost, ratio))
		}
		r.compare("cost", "cost of a request: "+own.name+" / static nginx", cost.against(of[static.name], ratio))
		r.compare("cost", "cost of a request: "+own.name+" / HAProxy", cost.against(of[haproxy.name], ratio))
	}
}
