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

// aimedBack is an abort's goal: to take back what was cut off. A way back that
// was cut off itself takes back what it was to take back.
func aimedBack(g plan.Goal, o release.Observed) (plan.Goal, error) {
	of := o.Unended
	if of != nil && of.Kind == release.KindUndo {
		of = of.Undoes
	}
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
	g.Before, g.Rerouted, g.Revive = o.ReleaseIn(g.Color.Other()), true, true
	return g, nil
}
