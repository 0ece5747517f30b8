package plan

import (
	"fmt"
	"slices"

	"teal/internal/release"
)

// What a person or a fault may have done to the parts since the last deploy,
// and how a plan mends it.

// reopen starts teal's own nginx first of all where it is down while a color
// runs that clients wait for: they shall not wait for builds and gates as
// well, nor stay out where these fail. A table that may route to the color
// which is about to be filled has to be settled before.
func (b *builder) reopen() {
	if b.live == release.None || !b.o.Engine.Colors[b.live].Running() || b.o.Routing.Routes(b.color) {
		return
	}
	for _, p := range b.o.Routing.Proxies {
		if p.Name == standalone && !p.Running {
			b.reopened = true
			b.add(release.Step{Kind: release.StepProxy, Subject: p.Name, Cause: fmt.Sprintf("not running, and %s waits for clients", b.live)})
		}
	}
}

// placed reports whether the containers are where nginx looks for them.
// Stopped ones of a network that was removed can't start again, and those that
// were taken off it start at no address.
func (b *builder) placed(state release.ColorState) bool {
	if !b.o.Engine.Network.Exists {
		return false
	}
	for _, c := range state.Containers {
		at := b.o.Network.Addr(release.Slot{Service: c.Service, Color: c.Color, Replica: c.Replica})
		if b.o.App.Addresses != release.AddressesPorts && c.Addr != at {
			return false
		}
	}
	return true
}

// routeBack gives nginx the config again that the release which stays live was
// deployed with: in another shape its containers may be at addresses that the
// taken back one's config doesn't name.
func (b *builder) routeBack() {
	r := b.o.Routing
	if !b.goal.Rerouted || b.live == release.None || b.inOrder() || !r.Loaded() && (r.Down() || r.Written()) {
		return
	}
	b.add(release.Step{Kind: release.StepRoute, Subject: list(b.proxyNames()), Cause: fmt.Sprintf("as release %d has it", b.goal.Before)})
}

// answersLack reports whether the config is in order everywhere and nothing is
// amiss but answers, at the end of a deploy that has not touched it. On the way
// back from there a reload would only wait for an nginx that hangs.
func (b *builder) answersLack() bool {
	if b.goal.Kind != release.KindUndo || b.goal.Rerouted {
		return false
	}
	return !slices.ContainsFunc(b.o.Routing.Proxies, func(p release.ProxyState) bool {
		return !p.Configured || p.Generation != "" && p.Generation != p.Wanted
	})
}

// ragged reports whether the goal's color serves with a part of its containers,
// or as the backup of a dead one: nothing else does, so it is not emptied.
func (b *builder) ragged() bool {
	state := b.o.Engine.Colors[b.color]
	return b.color == b.live && state.Running() && !(b.placed(state) && state.Whole(b.o.App.Services))
}

// rouse starts the release that stays where it lies stopped, after a reboot
// say: an abort leaves it live, not only routed to. One that serves with a part
// of its containers goes on so: to make the others anew, it would be emptied.
func (b *builder) rouse() {
	state := b.o.Engine.Colors[b.color]
	if !b.goal.Revive || b.color != b.live || state.Up(b.overlapping()) || b.ragged() || !b.canReturn() {
		return
	}
	b.roused = true
	b.revive()
	b.healthy(b.overlapping(), b.some())
	b.handoff()
}
