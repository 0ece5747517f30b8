package plan

import (
	"fmt"
	"slices"

	"teal/internal/release"
)

// rollbackTo is the release a rollback brings: the wanted one, or, where 0 is
// wanted, the newest that served clients before the one nginx routes to did.
// Never one that was itself rolled back from: it was left for a reason, and who
// wants it again has to name it.
func rollbackTo(o release.Observed, wanted int) (int, error) {
	routed := o.Routed()
	if routed == release.None {
		return 0, nothingLive(o.App.Name)
	}
	if wanted == 0 {
		return previous(o, liveRelease(o, routed))
	}
	if wanted == o.ReleaseIn(routed) && o.Live() == routed {
		return 0, alreadyLive(wanted, routed)
	}
	if !known(o, wanted) {
		return 0, noSuchRelease(o, wanted)
	}
	return wanted, nil
}

// liveRelease is the release of the live color: by its containers, or by the
// journal where these were removed, which is when a way back is needed most.
func liveRelease(o release.Observed, live release.Color) int {
	if !o.Engine.Colors[live].Empty() {
		return o.ReleaseIn(live)
	}
	for _, r := range o.Releases {
		if r.State == release.StateLive {
			return r.Number
		}
	}
	return o.Next
}

func previous(o release.Observed, now int) (int, error) {
	for _, r := range o.Releases { // newest first
		if r.Number < now && r.State != release.StateWithdrawn && runnable(o, r) {
			return r.Number, nil
		}
	}
	return 0, nothingBefore(now)
}

// known reports whether the release can be run.
func known(o release.Observed, number int) bool {
	return slices.ContainsFunc(o.Releases, func(r release.Release) bool { return r.Number == number && runnable(o, r) })
}

// runnable reports whether the release, which served once, can do so again: it
// is kept, or all its containers are there still, which is all that a lost
// journal leaves of it.
func runnable(o release.Observed, r release.Release) bool {
	if !r.WasLive() {
		return false
	}
	return r.Kept || slices.ContainsFunc(release.Colors, func(c release.Color) bool { return stands(o, c, r.Number) })
}

// stands reports whether all of the release's containers are in the color,
// running or not.
func stands(o release.Observed, c release.Color, number int) bool {
	return o.ReleaseIn(c) == number && o.Engine.Colors[c].Whole(o.ShapeIn(c).Services)
}

// canReturn reports whether the release that was live before can serve again:
// its containers are still there, or its images are.
func (b *builder) canReturn() bool {
	if b.goal.Before == 0 {
		return false
	}
	if b.o.ReleaseIn(b.color) == b.goal.Before && b.o.Engine.Colors[b.color].Whole(b.o.App.Services) {
		return true
	}
	return slices.ContainsFunc(b.o.Releases, func(r release.Release) bool {
		return r.Number == b.goal.Before && r.Kept
	})
}

// prune drops the images of releases that history no longer keeps. The new
// release, the live one and the newest that can be rolled back to stay.
func (b *builder) prune(number int) {
	keep, drop := b.kept(number), []string{}
	for _, r := range b.o.Releases {
		if len(r.Images) > 0 && !slices.Contains(keep, r.Number) {
			drop = append(drop, fmt.Sprint(r.Number))
		}
	}
	if len(drop) == 0 {
		return
	}
	b.add(release.Step{
		Kind: release.StepPrune, Keep: keep, Release: number,
		Subject: "releases " + list(drop), Cause: fmt.Sprintf("%d are kept", b.o.App.Policy.Keep),
	})
}

func (b *builder) kept(number int) []int {
	keep := []int{number}
	if b.live != release.None {
		keep = append(keep, b.o.ReleaseIn(b.live))
	}
	for _, r := range b.o.Releases {
		if len(keep) >= b.o.App.Policy.Keep {
			break
		}
		if r.WasLive() && len(r.Images) > 0 && !slices.Contains(keep, r.Number) {
			keep = append(keep, r.Number)
		}
	}
	return keep
}
