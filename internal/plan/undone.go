package plan

import (
	"fmt"

	"teal/internal/release"
)

// How a plan leaves the color of what is taken back, and what earlier commands
// that were cut off have left.

// takeBack empties the color of an undone deploy. An undone rollback leaves
// its color as the standby it was.
func (b *builder) takeBack(g Goal) {
	state := b.o.Engine.Colors[g.Color]
	cause := fmt.Sprintf("release %d is taken back", g.Number)
	switch {
	case g.Of != release.KindRollback:
		b.remove(g.Color, cause, 0)
	case state.Running() && b.o.App.Policy.Standby != release.StandbyWarm:
		b.silence(g.Color, cause)
	case b.anyRuns(g.Color, namesOf(b.stopFirst())):
		b.hush(g.Color, cause)
	}
}

// silence stops a color that no client is sent to.
func (b *builder) silence(c release.Color, cause string) {
	b.ensureConfirmed(c)
	b.drain(c)
	b.stop(c, cause)
}

// hush stops the services of a color that must not run in both.
func (b *builder) hush(c release.Color, cause string) {
	b.add(release.Step{Kind: release.StepStop, Color: c, Services: namesOf(b.stopFirst()), Subject: string(c), Cause: cause})
}

// steady sends all clients to the color that serves, where it only answers for
// another one so far.
func (b *builder) steady() {
	if !b.o.Routing.Routes(b.live.Other()) || !b.o.Routing.Loaded() {
		return
	}
	b.settled = true
	b.shift(b.live, fmt.Sprintf("%s serves", b.live))
	b.confirm(b.live, b.release)
}

// tidy is for what an earlier command that was cut off has left running in a
// color: a release that served is a standby, another one is in the way.
func (b *builder) tidy(c release.Color) {
	state := b.o.Engine.Colors[c]
	cause := fmt.Sprintf("left running from release %d", state.Release)
	switch {
	case !state.Running():
	case !b.o.WasLive(c):
		b.remove(c, cause, 0)
	case b.o.App.Policy.Standby != release.StandbyWarm:
		b.silence(c, cause)
	case b.anyRuns(c, namesOf(b.stopFirst())):
		b.hush(c, cause)
	}
}
