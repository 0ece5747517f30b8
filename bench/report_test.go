package main

import (
	"slices"
	"testing"
)

func TestWhatWasNotSeenIsNotKept(t *testing.T) {
	var r report
	r.add("s", "kept", "ms", 10, []float64{1, 10})
	r.add("s", "missed", "ms", 10, []float64{1, 11})
	r.add("s", "never measured", "ms", 10, nil)
	r.add("s", "no limit", "ms", 0, []float64{1e9})
	r.none("s", "none lost", 0, 5, "")
	r.none("s", "one lost", 1, 5, "")
	r.none("s", "nothing sent", 0, 0, "")
	r.control("s", "to compare", 5, 5, "")
	want := []verdict{kept, miss, miss, unset, kept, miss, miss, unset}
	got := r.verdicts()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || r.missed() != 4 || r.limits() != 6 {
		t.Errorf("%q, %d of %d missed", got, r.missed(), r.limits())
	}
}
