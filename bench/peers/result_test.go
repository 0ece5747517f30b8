package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"teal/bench/crowd"
	"teal/internal/release"
)

func TestRoundsThatRanSideBySideAreComparedSideBySide(t *testing.T) {
	a, b := seriesOf([]float64{10, 40, 18}), seriesOf([]float64{5, 10, 9})
	got := a.against(b, ratio)
	if !slices.Equal(got.Rounds, []float64{2, 4, 2}) || got.Median != 2 || got.Min != 2 || got.Max != 4 {
		t.Errorf("%+v", got)
	}
	if even := seriesOf([]float64{4, 1, 3, 2}); even.Median != 2.5 {
		t.Errorf("the middle of four is %g", even.Median)
	}
}

func TestABarIsMissedUnlessMeasured(t *testing.T) {
	var r result
	r.most("p", "kept", 2, "", seriesOf([]float64{1, 2, 9}))
	r.most("p", "missed", 2, "", seriesOf([]float64{1, 3, 9}))
	r.most("p", "never measured", 2, "", seriesOf(nil))
	r.least("p", "kept", 2, "", seriesOf([]float64{2}))
	r.least("p", "missed", 2, "", seriesOf([]float64{1.9}))
	var got []string
	for _, b := range r.Bars {
		got = append(got, b.Verdict)
	}
	if want := []string{"ok", "miss", "miss", "ok", "miss"}; !slices.Equal(got, want) || r.missed() != 3 {
		t.Errorf("%q, %d missed", got, r.missed())
	}
}

func fresh(part, peer string, value float64) *result {
	r := &result{Parts: map[string]ran{part: {Revision: peer}}, Ratios: map[string]ratioOf{}}
	r.most(part, peer, 1, "", r.add(part, "x", peer, "ms", "", []float64{value}))
	r.compare(part, part+"'s", seriesOf([]float64{value}))
	return r
}

func TestAPartMeasuredAgainReplacesItsOwnFiguresAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "peers.json")
	for _, r := range []*result{fresh("cost", "old", 1), fresh("loss", "other", 2), fresh("cost", "new", 3)} {
		if err := r.join(file); err != nil {
			t.Fatal(err)
		}
		if err := r.save(file); err != nil {
			t.Fatal(err)
		}
	}
	all := &result{Parts: map[string]ran{}, Ratios: map[string]ratioOf{}}
	if err := all.join(file); err != nil {
		t.Fatal(err)
	}
	var peers []string
	for _, f := range all.Figures {
		peers = append(peers, f.Peer)
	}
	if !slices.Equal(peers, []string{"other", "new"}) || len(all.Bars) != 2 || len(all.Parts) != 2 || all.Ratios["cost's"].Median != 3 {
		t.Errorf("%q, %+v", peers, all)
	}
}

func TestAPartThatDidNotEndLeavesTheOldFigures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "peers.json")
	if err := fresh("cost", "old", 1).save(file); err != nil {
		t.Fatal(err)
	}
	broken := fresh("cost", "half", 9)
	broken.add("loss", "x", "whole", "ms", "", []float64{1})
	broken.compare("cost", "half a ratio", seriesOf([]float64{9}))
	broken.Parts["loss"] = ran{}
	broken.unfinished("cost")
	if err := broken.join(file); err != nil {
		t.Fatal(err)
	}
	var peers []string
	for _, f := range broken.Figures {
		peers = append(peers, f.Peer)
	}
	if !slices.Equal(peers, []string{"old", "whole"}) || len(broken.Bars) != 1 || broken.Bars[0].Got != 1 || broken.Ratios["cost's"].Median != 1 || len(broken.Ratios) != 1 {
		t.Errorf("%q, %+v", peers, broken)
	}
}

func TestLayoutsThatLoseNothingMakeTheRunVoid(t *testing.T) {
	lost := map[string][]float64{teal.name: {0}, service.name: {5, 0}, leastConn.name: {1}, haproxy.name: {3}, caddy.name: {2}}
	var peers []*peer
	for name := range lost {
		peers = append(peers, &peer{name: name})
	}
	b := &bench{}
	if err := b.lossBars(peers, lost, nil); err != nil || b.result.missed() != 0 {
		t.Errorf("%v, %d missed", err, b.result.missed())
	}
	lost[teal.name] = []float64{0, 0, 0, 4}
	b = &bench{}
	if err := b.lossBars(peers, lost, nil); err != nil || b.result.missed() != 1 {
		t.Errorf("one lost: %v, %d missed", err, b.result.missed())
	}
	lost[leastConn.name] = []float64{0, 0}
	if err := (&bench{}).lossBars(peers, lost, nil); err == nil {
		t.Error("a reload that lost nothing proves the losses of others")
	}
}

func TestAProxyThatNeverSwitchesIsNoProxyThatLosesNothing(t *testing.T) {
	r := ride{calls: make([]crowd.Call, 100)}
	for i := range r.calls {
		r.calls[i].Color = release.Blue
	}
	if r.served() == nil {
		t.Error("blue alone has served")
	}
	for i := range 40 {
		r.calls[i].Color = release.Green
	}
	if err := r.served(); err != nil {
		t.Error(err)
	}
}

func TestAQuantileIsATimeThatWasMeasured(t *testing.T) {
	var times []time.Duration
	for n := range 1000 {
		times = append(times, time.Duration(1000-n)*time.Millisecond)
	}
	if got := quantile(times, 0.999); got != 1000 {
		t.Errorf("p99.9 is %g", got)
	}
	if got := quantile(times, 0.5); got != 501 {
		t.Errorf("p50 is %g", got)
	}
}
