package main

import (
	"strings"
	"testing"
)

func TestARatioMayGrowByAQuarterAndNoMore(t *testing.T) {
	for _, c := range []struct {
		name     string
		was, now float64
		ok       bool
		says     string
	}{
		{"the same", 1.1, 1.1, true, "+0 %"},
		{"better", 1.2, 0.6, true, "-50 %"},
		{"a quarter worse", 1, 1.25, true, "+25 %"},
		{"more than a quarter worse", 1, 1.26, false, "+26 %"},
		{"small ratios too", 0.02, 0.03, false, "+50 %"},
		{"not measured now", 1, 0, false, "not measured now"},
		{"not in the baseline", 0, 1, false, "not in the baseline"},
	} {
		f := finding{"r", c.was, c.now}
		if f.ok() != c.ok || !strings.Contains(f.String(), c.says) || strings.HasPrefix(f.String(), "ok") != c.ok {
			t.Errorf("%s: ok is %t, it says %q", c.name, f.ok(), f)
		}
	}
}

func TestEachRatioOfEitherSideIsFound(t *testing.T) {
	got := compare(ratios{"a": 1, "b": 2}, ratios{"b": 3, "c": 4})
	want := []finding{{"a", 1, 0}, {"b", 2, 3}, {"c", 0, 4}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}
