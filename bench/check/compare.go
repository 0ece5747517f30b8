package main

import (
	"fmt"
	"maps"
	"slices"
)

// ratios are teal's costs over another's, by name: less is better.
type ratios map[string]float64

// lossLimit is how much a ratio may grow, as a share of what it was.
const lossLimit = 0.25

// finding is a ratio then and now; 0 where there is none.
type finding struct {
	name     string
	was, now float64
}

// compare sets the ratios of now beside those of before, each that either has.
func compare(was, now ratios) []finding {
	names := maps.Clone(was)
	maps.Copy(names, now)
	var list []finding
	for _, name := range slices.Sorted(maps.Keys(names)) {
		list = append(list, finding{name, was[name], now[name]})
	}
	return list
}

// grown is by what share of itself the ratio has grown.
func (f finding) grown() float64 { return f.now/f.was - 1 }

// ok reports whether nothing was lost. What is measured on one side alone
// shows nothing, and so is not.
func (f finding) ok() bool { return f.was > 0 && f.now > 0 && f.grown() <= lossLimit }

func (f finding) String() string {
	switch {
	case f.was <= 0:
		return fmt.Sprintf("miss  %s: %.3f now, and not in the baseline", f.name, f.now)
	case f.now <= 0:
		return fmt.Sprintf("miss  %s: %.3f in the baseline, and not measured now", f.name, f.was)
	}
	verdict := "ok  "
	if !f.ok() {
		verdict = "miss"
	}
	return fmt.Sprintf("%s  %s: %.3f now, %.3f in the baseline: %+.0f %%, at most %+.0f %%", verdict, f.name, f.now, f.was, f.grown()*100, lossLimit*100)
}
