package main

import (
	"slices"
	"time"
)

// spread is a distribution, from all of its samples: the 99th percentile of
// fewer than a hundred is their maximum.
type spread struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func spreadOf(samples []float64) spread {
	if len(samples) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	return spread{N: len(sorted), P50: quantile(sorted, 50), P99: quantile(sorted, 99), Max: sorted[len(sorted)-1]}
}

// quantile is the smallest sample that at least percent of all don't exceed.
func quantile(sorted []float64, percent int) float64 {
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// millis are durations in milliseconds.
func millis(durations []time.Duration) []float64 {
	var list []float64
	for _, d := range durations {
		list = append(list, d.Seconds()*1000)
	}
	return list
}
