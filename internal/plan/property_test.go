package plan

import (
	"flag"
	"os"
	"testing"

	"teal/internal/release"

	"pgregory.net/rapid"
)

// walk applies the first n steps of a plan and checks every invariant after
// each of them.
func walk(t *rapid.T, w *world, p Plan, n int) {
	hadServer, hadWhole := w.hadServer, w.hadWhole
	w.begin()
	if p.Kind == release.KindUndo {
		w.hadServer, w.hadWhole = hadServer, hadWhole // an undo owes what served before the deploy, not what the deploy began
	}
	w.opened(p)
	for i, s := range p.Steps[:n] {
		if err := w.apply(s); err != nil {
			t.Fatalf("step %d: %v\n%s", i+1, err, printed(p))
		}
	}
}

func mustBuild(t *rapid.T, w *world, g Goal) Plan {
	p, err := Build(w.observed(), numberedFor(w, g))
	if err != nil {
		t.Fatalf("build %v: %v", g, err)
	}
	return p
}

func numberedFor(w *world, g Goal) Goal {
	if g.Kind == release.KindDeploy {
		g.Number = w.next
	}
	return g
}

func TestADeployFromAnyStateKeepsEveryInvariantAndEndsLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		p := mustBuild(t, w, Goal{Kind: release.KindDeploy})
		walk(t, w, p, len(p.Steps))
		endsLive(t, w, p)
	})
}

func TestARollbackFromAnyStateKeepsEveryInvariantAndEndsLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		p, err := Build(w.observed(), Goal{Kind: release.KindRollback})
		if err != nil {
			if release.CodeOf(err) != release.Invalid {
				t.Fatalf("refused with %v: %v", release.CodeOf(err), err)
			}
			return
		}
		walk(t, w, p, len(p.Steps))
		endsLive(t, w, p)
	})
}

func TestADeployCutOffAnywhereIsFinishedByTheNextDeploy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		for range rapid.IntRange(1, 4).Draw(t, "crashes") {
			p := mustBuild(t, w, Goal{Kind: release.KindDeploy})
			walk(t, w, p, rapid.IntRange(0, len(p.Steps)).Draw(t, "cut"))
		}
		p := mustBuild(t, w, Goal{Kind: release.KindDeploy})
		walk(t, w, p, len(p.Steps))
		endsLive(t, w, p)
	})
}

func TestAnInterruptedDeployIsUndoneToWhatWasLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		before := w.serving()
		ticking := before != release.None && w.colors[before].beat
		number := w.colors[before.Other()].release
		if before != release.None {
			number = w.colors[before].release
		}
		p := mustBuild(t, w, Goal{Kind: release.KindDeploy})
		walk(t, w, p, rapid.IntRange(0, len(p.Steps)).Draw(t, "cut"))
		undo := mustBuild(t, w, Goal{Kind: release.KindUndo, Number: p.Release, Color: p.Color, Before: p.Replaces, Of: p.Kind, Forced: true, Revive: rapid.Bool().Draw(t, "revive")})
		walk(t, w, undo, len(undo.Steps))
		if w.colors[p.Color].running && w.colors[p.Color].release == p.Release {
			t.Fatalf("release %d still runs in %s\n%s", p.Release, p.Color, printed(undo))
		}
		if ticking && !w.colors[before].beat {
			t.Fatalf("the scheduler of %s is not running again\n%s", before, printed(undo))
		}
		if before != release.None && (w.serving() != before || w.colors[before].release != number) {
			t.Fatalf("%s with release %d served before, now %q does\n%s", before, number, w.serving(), printed(undo))
		}
	})
}

func TestAFailedDeployThatHasMovedNothingLeavesTheTableAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		p := mustBuild(t, w, Goal{Kind: release.KindDeploy})
		cut := rapid.IntRange(0, stepsBeforeTheGoalsShift(p)).Draw(t, "cut")
		walk(t, w, p, cut)
		table, known := w.table, w.known
		undo := mustBuild(t, w, Goal{Kind: release.KindUndo, Number: p.Release, Color: p.Color, Before: p.Replaces, Of: p.Kind})
		walk(t, w, undo, len(undo.Steps))
		if w.hadServer && (w.table != table || w.known != known) {
			t.Fatalf("the table moved from %s to %s\n%s", table.Name(), w.table.Name(), printed(undo))
		}
		if w.colors[p.Color].release == p.Release && w.serving() != p.Color {
			t.Fatalf("%s is not emptied\n%s", p.Color, printed(undo))
		}
	})
}

func TestDownLeavesNothingFromAnyState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t)
		p := mustBuild(t, w, Goal{Kind: release.KindDown})
		walk(t, w, p, len(p.Steps))
		for c, s := range w.colors {
			if s.release != 0 {
				t.Fatalf("%s is left\n%s", c, printed(p))
			}
		}
		if w.loaded || w.known || w.network {
			t.Fatalf("config, table or network is left\n%s", printed(p))
		}
	})
}

func stepsBeforeTheGoalsShift(p Plan) int {
	for i, s := range p.Steps {
		if s.Kind == release.StepShift && s.Color == p.Color {
			return i
		}
	}
	return len(p.Steps)
}

// endsLive checks that the goal is reached and that nothing of an earlier
// release goes on running, but for the standby the policy asks for.
func endsLive(t *rapid.T, w *world, p Plan) {
	if w.serving() != p.Color || w.colors[p.Color].release != p.Release || w.table != release.TableFor(p.Color) {
		t.Fatalf("release %d in %s is not live\n%s", p.Release, p.Color, printed(p))
	}
	if len(w.app.Services) > len(testServices) && !w.colors[p.Color].beat {
		t.Fatalf("the scheduler of %s does not run\n%s", p.Color, printed(p))
	}
	other := w.colors[p.Color.Other()]
	if other.running && w.app.Policy.Standby != release.StandbyWarm {
		t.Fatalf("%s still runs\n%s", p.Color.Other(), printed(p))
	}
	if other.release != 0 && w.app.Policy.Standby == release.StandbyNone {
		t.Fatalf("%s is not emptied\n%s", p.Color.Other(), printed(p))
	}
}

// TestMain looks at 3,000 worlds a property instead of rapid's 100, which miss
// some of the rarer ones; -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "3000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
