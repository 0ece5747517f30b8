package main

import (
	"fmt"
	"slices"
)

// series is one figure of each round, with the middle of them and their ends.
type series struct {
	Rounds []float64 `json:"rounds"`
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
}

func seriesOf(rounds []float64) series {
	if len(rounds) == 0 {
		return series{}
	}
	sorted := slices.Sorted(slices.Values(rounds))
	mid := len(sorted) / 2
	median := sorted[mid]
	if len(sorted)%2 == 0 {
		median = (sorted[mid-1] + sorted[mid]) / 2
	}
	return series{Rounds: rounds, Median: median, Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// against joins the rounds of two proxies: what was measured side by side is
// compared side by side, so what the machine did meanwhile is in both.
func (s series) against(other series, join func(a, b float64) float64) series {
	var rounds []float64
	for i := range min(len(s.Rounds), len(other.Rounds)) {
		rounds = append(rounds, join(s.Rounds[i], other.Rounds[i]))
	}
	return seriesOf(rounds)
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func difference(a, b float64) float64 { return a - b }

func (s series) String() string {
	return fmt.Sprintf("%s (%s to %s)", digits(s.Median), digits(s.Min), digits(s.Max))
}

// digits shows three that count, and all of whole numbers.
func digits(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
