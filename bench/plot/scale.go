package main

import (
	"fmt"
	"math"
)

// scale maps values to a stretch of the picture.
type scale struct {
	low, high float64 // values
	from, to  float64 // where they lie
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log10(v), math.Log10(low), math.Log10(high)
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

// ticks are round values to mark: tenfold ones on a logarithmic scale.
func (s scale) ticks() []float64 {
	var list []float64
	if s.log {
		for e := math.Ceil(math.Log10(s.low) - 1e-9); e <= math.Log10(s.high)+1e-9; e++ {
			list = append(list, math.Pow(10, e))
		}
		return list
	}
	step := stepFor(s.high - s.low)
	for n := math.Ceil(s.low / step); n*step <= s.high*(1+1e-9); n++ {
		list = append(list, n*step)
	}
	return list
}

// stepFor divides a span into some five to ten round steps.
func stepFor(span float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(span)))
	for _, part := range []float64{0.1, 0.2, 0.5, 1} {
		if span/(part*power) <= 8 {
			return part * power
		}
	}
	return 2 * power
}

// span is a scale for values: from 0 on, or between powers of ten.
func span(values []float64, log bool) scale {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	switch {
	case high <= 0:
		return scale{low: 0, high: 1}
	case log:
		return scale{low: math.Pow(10, math.Floor(math.Log10(low)+1e-9)), high: math.Pow(10, math.Ceil(math.Log10(high)-1e-9)), log: true}
	}
	step := stepFor(high)
	return scale{low: 0, high: math.Ceil(high*1.02/step) * step}
}

// number is a value as it stands at an axis.
func number(v float64) string {
	if v >= 1000 && v == math.Trunc(v) {
		return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)
	}
	return fmt.Sprintf("%.4g", v)
}
