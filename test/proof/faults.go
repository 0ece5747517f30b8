//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"teal/test/load"
)

// faults does to real deploys under load what happens to them in life: teal is
// killed, started many times at once, run time and again.
func (p *proof) faults(ctx context.Context) (err error) {
	h, err := newHall(ctx, p.teal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close(context.WithoutCancel(ctx))) }()
	fmt.Fprintf(p.out, "faults: seed %d\n", p.seed)
	s, err := h.site(ctx, "row", 1)
	if err != nil {
		return err
	}
	if err := p.crowds(ctx, h, s); err != nil {
		return fmt.Errorf("deploys at once: %w", err)
	}
	return errors.Join(p.killsAndLeaks(ctx, h, s), p.blows(ctx, h, s))
}

// crowds starts deploys at once, time and again.
func (p *proof) crowds(ctx context.Context, h *hall, s *site) error {
	refused := 0
	running := load.Start(ctx, s.load(clients()...))
	for range p.size.crowds {
		n, err := h.crowd(ctx, s, p.size.crowd)
		if err == nil {
			err = h.settled(ctx, s)
		}
		if err != nil {
			running.Stop()
			return err
		}
		refused += n
	}
	report := running.Stop()
	ledger, err := s.diary()
	if err != nil {
		return err
	}
	p.add(row{Name: fmt.Sprintf("%d times %d deploys at once", p.size.crowds, p.size.crowd), Faults: p.size.crowds, Switches: p.size.crowds*p.size.crowd - refused,
		Note: fmt.Sprintf("%d refused, each told who runs", refused), report: report, audit: load.Compare(ledger, report)})
	return nil
}

// killsAndLeaks has sites that are killed while another is released time and
// again; when the first are gone, there may be no more of anything than before.
func (p *proof) killsAndLeaks(ctx context.Context, h *hall, s *site) error {
	if err := s.inARow(ctx, 2); err != nil { // now all is there that deploy.keep keeps
		return err
	}
	before, err := h.count(ctx, s)
	if err != nil {
		return err
	}
	size, err := s.journal()
	if err != nil {
		return err
	}
	killed, kept := row{Name: "teal killed at any moment, then the next command"}, len(h.sites)
	if err := p.killers(ctx, h, &killed, func() error { return s.inARow(ctx, p.size.inARow) }); err != nil {
		return err
	}
	p.add(killed)
	for _, gone := range h.sites[kept:] {
		err = errors.Join(err, gone.close(ctx))
	}
	h.sites = h.sites[:kept]
	if err != nil {
		return err
	}
	return p.leaks(ctx, h, s, before, size)
}

// killers runs them, and beside them what else is to be done.
func (p *proof) killers(ctx context.Context, h *hall, sum *row, beside func() error) error {
	rows, errs := make([]row, p.size.killers), make([]error, p.size.killers+1)
	var killers []*killer
	for n := range rows {
		s, err := h.site(ctx, fmt.Sprintf("kill-%d", n), 1)
		if err != nil {
			return err
		}
		killers = append(killers, newKiller(h, s, p.seed, uint64(n)))
	}
	var all sync.WaitGroup
	all.Go(func() { errs[p.size.killers] = beside() })
	for n, k := range killers {
		all.Go(func() { rows[n], errs[n] = k.walk(ctx, p.size.kills/p.size.killers) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	did := map[string]int{}
	*sum = rows[0].named(sum.Name)
	for n, r := range rows {
		if n > 0 {
			sum.take(r)
		}
		for what, times := range killers[n].did {
			did[what] += times
		}
	}
	sum.Note = enumerated(did)
	return nil
}

// leaks compares what there is with what there was.
func (p *proof) leaks(ctx context.Context, h *hall, s *site, before inventory, size int64) error {
	after, more, err := h.back(ctx, s, before)
	if err != nil {
		return err
	}
	grown, err := s.journal()
	if err != nil {
		return err
	}
	r := row{Name: fmt.Sprintf("%d deploys in a row", p.size.inARow), Switches: p.size.inARow, Broken: more}
	each := (grown - size) / int64(p.size.inARow)
	r.Note = fmt.Sprintf("no more of anything: %s; the journal grew by %d bytes a deploy", after, each)
	if each > perDeploy {
		r.Broken = strings.TrimPrefix(fmt.Sprintf("%s; the journal grew by %d bytes a deploy, %d may be", more, each, perDeploy), "; ")
	}
	p.add(r)
	return nil
}

// enumerated is what was done how often, in words.
func enumerated(did map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(did)) {
		all = append(all, fmt.Sprintf("%d %s", did[what], what))
	}
	return strings.Join(all, ", ")
}
