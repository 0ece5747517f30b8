// Package plan turns what was observed and a goal into the steps of a deploy.
// It is pure: the same observation and goal give the same plan, so a plan can
// be printed, tested and walked without touching anything.
//
// The invariants, which every prefix of every plan keeps:
//
//   - a color that serves clients goes on serving until a confirm has shown
//     that every proxy routes to another healthy one;
//   - nothing running is stopped or removed while a table may route to it;
//   - a color gets traffic only after its gate.
package plan

import (
	"cmp"
	"fmt"

	"teal/internal/release"
)

// Goal is what a plan shall reach.
type Goal struct {
	Kind release.DeployKind
	// Number is the release to bring: for a deploy the new release's number,
	// for a rollback the one wanted, or 0 for the one before the live one.
	// For an undo it is the release to take back.
	Number int
	Color  release.Color      // undo: the color the release was brought in
	Before int                // undo: the release that was live before, 0 for none
	Of     release.DeployKind // undo: what is taken back, a deploy or a rollback
	Forced bool               // undo: take the release back even if it is live and well
	// Rerouted: undo: nginx may have been given the config of what is taken back
	Rerouted bool
	Revive   bool // undo: start the release that stays, where it lies stopped
	Volumes  bool // down: the named volumes too
}

// Plan is a goal's steps and what they bring about.
type Plan struct {
	Kind     release.DeployKind
	App      string
	Release  int           // the release that is live at the end, 0 for none
	Color    release.Color // the color that is live at the end
	Replaces int           // the release that was live before, 0 for none
	Network  release.Network
	Steps    []release.Step
}

// Build makes the plan. Its errors are *release.Error with code Invalid or
// Unreachable and say what to do.
func Build(o release.Observed, g Goal) (Plan, error) {
	switch g.Kind {
	case release.KindDeploy:
		return buildDeploy(o, g)
	case release.KindRollback:
		return buildRollback(o, g)
	case release.KindUndo:
		return buildUndo(o, g), nil
	case release.KindDown:
		return buildDown(o, g), nil
	}
	return Plan{}, fmt.Errorf("plan: no such goal %q", g.Kind)
}

func buildDeploy(o release.Observed, g Goal) (Plan, error) {
	if err := usable(o.Routing); err != nil {
		return Plan{}, err
	}
	b := begin(o, g, into(o, g, g.Number))
	b.release = g.Number
	b.reopen()
	b.images()
	b.network()
	b.shared()
	b.command()
	b.vacate()
	b.start("no release in " + string(b.color))
	b.bring()
	b.retire()
	b.prune(g.Number)
	return b.plan(), nil
}

func buildRollback(o release.Observed, g Goal) (Plan, error) {
	if err := usable(o.Routing); err != nil {
		return Plan{}, err
	}
	number, err := rollbackTo(o, g.Number)
	if err != nil {
		return Plan{}, err
	}
	b := begin(o, g, into(o, g, number))
	b.release = number
	b.reopen()
	b.revive()
	b.bring()
	b.retire()
	return b.plan(), nil
}

// buildUndo takes a release back. Where traffic has not moved, the new color
// is emptied and nothing else happens. Where it has, or the new color answers
// for a dead one, the way back is a rollback like any other: the old color is
// made healthy before it gets a single client.
func buildUndo(o release.Observed, g Goal) Plan {
	b := begin(o, g, into(o, g, g.Before))
	b.release = g.Before
	switch {
	case o.ReleaseIn(g.Color) != g.Number:
		return b.left(g)
	case !o.Routing.Routes(g.Color) && !b.standsIn(g.Color):
		b.routeBack()
		b.rouse()
	case stays(o, g):
		return b.stay(g.Color)
	case b.ragged():
		b.routeBack()
		b.steady()
	case b.canReturn():
		b.revive()
		b.bring()
		b.roused = true
	case g.Of == release.KindRollback && g.Before == 0:
		return b.stay(g.Color) // what was live before it is gone: the one it brought is all there is
	default:
		b.color, b.release = release.None, 0
		b.unroute("no release to go back to")
	}
	b.takeBack(g)
	b.restore(g)
	return b.plan()
}

// left is the way back of a release that never got into its color, or has left
// it: what is there is not the deploy's, and stays.
func (b *builder) left(g Goal) Plan {
	if !g.Revive || b.live != b.color || b.live == release.None {
		return b.stay(b.live)
	}
	b.routeBack()
	b.rouse()
	b.steady()
	b.tidy(g.Color)
	b.restore(g)
	return b.plan()
}

// standsIn reports whether the color answers, as its backup, for one that is
// routed to and does not run at all; to an abort, which is to leave all well,
// one that has lost a service is as bad.
func (b *builder) standsIn(c release.Color) bool {
	return b.live == c && (b.goal.Revive || !b.o.Engine.Colors[c.Other()].Running())
}

// Target is the earlier release that the goal goes back to, 0 where it goes to
// none, and the color that the goal's release is for. The plan is to be built
// with what is observed in that release's shape.
func Target(o release.Observed, g Goal) (number int, color release.Color) {
	switch {
	case g.Kind == release.KindRollback:
		number, err := rollbackTo(o, g.Number)
		if err != nil {
			return 0, release.None // Build says why
		}
		return number, into(o, g, number)
	case g.Kind == release.KindUndo && !stays(o, g):
		return g.Before, into(o, g, g.Before)
	}
	return 0, into(o, g, 0)
}

// into is the color that the goal's release is for: the one that doesn't
// serve. A release that serves already, as the whole backup of a color that
// has failed, is brought where it is.
func into(o release.Observed, g Goal, number int) release.Color {
	live := o.Live()
	switch {
	case g.Kind == release.KindUndo:
		return g.Color.Other()
	case g.Kind == release.KindDown:
		return release.None
	case g.Kind == release.KindRollback && stands(o, live, number):
		return live
	case live == release.None:
		return first(o)
	}
	return live.Other()
}

// first is the color of a release that nothing is live beside. In an adopted
// site teal.yaml may say: what served before can hold the ports of one of the
// colors. Where the table was removed by hand, the release that it led to may
// well be the one to keep.
func first(o release.Observed) release.Color {
	adopted := o.App.Site.Adopted
	if adopted == nil {
		return release.None.Other()
	}
	for _, c := range release.Colors {
		if o.Engine.Colors[c].Running() && !o.Engine.Colors[c.Other()].Running() && o.WasLive(c) {
			return c.Other()
		}
	}
	return cmp.Or(adopted.First, release.None.Other())
}

// stays reports whether an undo leaves the release where it is: it is live and
// well, and what failed came after.
func stays(o release.Observed, g Goal) bool {
	return !g.Forced && o.ReleaseIn(g.Color) == g.Number && o.Routing.Routes(g.Color) && settled(o, g.Color)
}

// settled reports whether the color is live beyond doubt: every proxy says so
// and all its containers run.
func settled(o release.Observed, c release.Color) bool {
	return o.Routing.Ready() && o.Routing.Table == release.TableFor(c) && o.Engine.Colors[c].Up(o.App.Services)
}

func buildDown(o release.Observed, g Goal) Plan {
	b := begin(o, g, into(o, g, 0))
	live := o.Live()
	b.unroute("no client may reach what is removed next")
	if live != release.None && o.Engine.Colors[live].Running() {
		b.drain(live)
	}
	cause := "named volumes are kept"
	if g.Volumes {
		cause = "with its named volumes, as asked"
	}
	b.add(release.Step{Kind: release.StepRemove, Volumes: g.Volumes, Subject: o.App.Name, Cause: cause})
	return b.plan()
}

// usable refuses a plan whose proxies are known not to take a change.
func usable(r release.Routing) error {
	for _, p := range r.Proxies {
		if p.Blocked != nil {
			return p.Blocked
		}
		if p.Broken != "" {
			return brokenProxy(p)
		}
		if !p.Running && !p.Owned {
			return stoppedProxy(p)
		}
	}
	return nil
}

// standalone is the proxy that teal starts itself, so it may be down.
var standalone = release.Proxy{Kind: release.ProxyStandalone}.Name()
