package deploy

import (
	"teal/internal/plan"
	"teal/internal/release"
)

// aimed completes a goal by what was observed: a deploy gets the next number,
// an abort the deploy it is about.
func aimed(g plan.Goal, o release.Observed) (plan.Goal, error) {
	switch g.Kind {
	case release.KindDeploy:
		g.Number = o.Next
	case release.KindUndo:
		return aimedBack(g, o)
	}
	return g, nil
}

// cutOff is the deploy that an abort is about: the newest that was cut off, but
// for one that did not come to anything, where another has that was cut off
// before it. A way back that was cut off itself is about what it was to take
// back.
func cutOff(o release.Observed) *release.Deploy {
	of := o.Unended
	if of != nil && of.Kind == release.KindUndo {
		of = of.Undoes
	}
	if of == nil || of.Kind == release.KindDown || o.Stands(of.Release) {
		return of
	}
	for _, older := range o.Older {
		if (older.Kind == release.KindRollback || older.Kind == release.KindDeploy) && o.Stands(older.Release) {
			return &older
		}
	}
	return of
}

// aimedBack is an abort's goal: to take back what was cut off.
func aimedBack(g plan.Goal, o release.Observed) (plan.Goal, error) {
	of := cutOff(o)
	if of == nil {
		return g, &release.Error{
			Code: release.Invalid, What: "nothing to abort: no deploy of " + o.App.Name + " runs or was cut off",
			Next: "teal rollback, to go back to the release before the live one",
		}
	}
	if of.Kind == release.KindDown {
		return g, &release.Error{
			Code: release.Invalid, What: "a teal down of " + o.App.Name + " was cut off, and what it has removed can't be brought back by an abort",
			Next: "teal down, which finishes it, or teal deploy, which releases the app again",
		}
	}
	g.Number, g.Of = of.Release, of.Kind
	g.Color = o.ColorOf(g.Number)
	if live := o.Live(); live != release.None && !o.Stands(g.Number) {
		g.Color = live.Other() // it never got anywhere: what serves stays
	}
	g.Before, g.Rerouted, g.Revive = liveBefore(o, *of, g.Color), true, true
	return g, nil
}

// liveBefore is the release that was live before the deploy that is taken
// back: it stands in the other color, unless its containers were removed after
// the shift, and then the journal has it.
func liveBefore(o release.Observed, of release.Deploy, color release.Color) int {
	if number := o.ReleaseIn(color.Other()); number != 0 {
		return number
	}
	for _, r := range o.Releases { // newest first
		if of.Kind == release.KindDeploy && r.Number < of.Release && r.WasLive() && r.State != release.StateWithdrawn && r.Kept {
			return r.Number
		}
	}
	return 0
}
