package plan

import (
	"fmt"

	"teal/internal/release"
)

// A service with handoff stop-first, a scheduler say, must never run in both
// colors. It changes hands once the rest of the new color is healthy and
// before the traffic moves: should it not start, the old one is started
// again and clients have noticed nothing.

// overlapping are the services that may run in both colors at a time.
func (b *builder) overlapping() []release.Service { return b.o.App.Shape().Overlapping() }

// some names the overlapping services where there are others too; nil means
// all services, which keeps most plans free of lists.
func (b *builder) some() []string {
	if len(b.stopFirst()) == 0 {
		return nil
	}
	return namesOf(b.overlapping())
}

func (b *builder) stopFirst() []release.Service {
	var out []release.Service
	for _, s := range b.o.App.Services {
		if s.Handoff == release.HandoffStopFirst {
			out = append(out, s)
		}
	}
	return out
}

// handoff moves the stop-first services to the goal's color.
func (b *builder) handoff() {
	services := b.stopFirst()
	names := namesOf(services)
	if len(names) == 0 {
		return
	}
	old, cause := b.color.Other(), "never two at once: "+list(names)
	if b.anyRuns(old, names) {
		b.add(release.Step{Kind: release.StepStop, Color: old, Services: names, Subject: string(old), Cause: cause})
	}
	if !b.started && b.allRun(b.color, services) {
		return
	}
	kind := release.StepStart
	if !b.started {
		kind = release.StepResume
	}
	b.add(release.Step{Kind: kind, Color: b.color, Release: b.release, Services: names, Subject: string(b.color), Cause: cause})
	b.healthy(services, names)
}

// restore starts the stop-first services of the color that stays again, where
// an undone deploy had taken over from them.
func (b *builder) restore(g Goal) {
	keep, services := g.Color.Other(), b.stopFirst()
	state := b.o.Engine.Colors[keep]
	if len(services) == 0 || b.roused || b.color != keep || b.o.Routed() != keep && !b.settled || !state.Running() || b.allRun(keep, services) {
		return
	}
	names := namesOf(services)
	b.add(release.Step{
		Kind: release.StepResume, Color: keep, Release: state.Release, Services: names, Subject: string(keep),
		Cause: fmt.Sprintf("%s goes on there", list(names)),
	})
}

func (b *builder) anyRuns(c release.Color, names []string) bool {
	for _, have := range b.o.Engine.Colors[c].Containers {
		for _, n := range names {
			if have.Service == n && have.Running {
				return true
			}
		}
	}
	return false
}

func (b *builder) allRun(c release.Color, services []release.Service) bool {
	return b.o.Engine.Colors[c].Up(services)
}

func namesOf(services []release.Service) []string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	return names
}
