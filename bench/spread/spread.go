// Package spread tells how measured samples are spread.
package spread

import (
	"slices"
	"time"
)

// Spread is a distribution, from all of its samples: the 99th percentile of
// fewer than a hundred is their maximum.
type Spread struct {
	N   int     `json:"n"`
	Min float64 `json:"min"`
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Of is how the samples are spread.
func Of(samples []float64) Spread {
	if len(samples) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	return Spread{N: len(sorted), Min: sorted[0], P50: quantile(sorted, 50), P99: quantile(sorted, 99), Max: sorted[len(sorted)-1]}
}

// quantile is the smallest sample that at least percent of all don't exceed.
func quantile(sorted []float64, percent int) float64 {
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// Millis are durations in milliseconds.
func Millis(durations []time.Duration) []float64 {
	var list []float64
	for _, d := range durations {
		list = append(list, d.Seconds()*1000)
	}
	return list
}
