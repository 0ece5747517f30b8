package main

import (
	"testing"
	"time"

	"teal/bench/growth/figures"
	"teal/bench/spread"
	"teal/internal/journal"
	"teal/internal/release"
)

// like is a release as a deploy leaves it.
func like() model {
	started := time.Now().Add(-time.Hour)
	return model{
		release: release.Release{App: "model", Number: 3, Color: release.Blue, State: release.StateLive, By: "bench"},
		deploy:  release.Deploy{App: "model", Kind: release.KindDeploy, Release: 3, By: "bench", PID: 1, Started: started},
		receipt: &release.Receipt{App: "model", Kind: release.KindDeploy, Release: 3, Outcome: release.OutcomeDone, Started: started, Took: time.Second},
		steps: []journal.Step{
			{N: 1, Step: release.Step{Kind: release.StepStart, Color: release.Blue, Release: 3, Subject: "blue"}},
			{N: 2, Step: release.Step{Kind: release.StepPrune, Keep: []int{1, 2, 3}, Subject: "releases"}},
		},
		spec: release.Spec{App: "model", Number: 3, Images: map[string]string{"web": "sha256:1"}, Deployed: []byte("{}")},
	}
}

func TestAHistoryIsWhatSoManyDeploysWouldHaveLeft(t *testing.T) {
	root := t.TempDir()
	if err := like().repeat(root, "app", 12); err != nil {
		t.Fatal(err)
	}
	j, err := journal.OpenReadOnly(root)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	releases, err := j.History("app", 0)
	if err != nil || len(releases) != 12 {
		t.Fatalf("%d releases, %v", len(releases), err)
	}
	for _, r := range releases {
		if r.State != release.StateReplaced || r.Kept || len(r.Images) > 0 || r.Color != release.Colors[r.Number%2] {
			t.Errorf("%+v is live, or could be run again", r)
		}
	}
	memory, err := j.Memory("app")
	if err != nil || memory.Next != 13 || memory.Unended != nil {
		t.Errorf("the next is %d, %+v runs, %v", memory.Next, memory.Unended, err)
	}
	checkDeploys(t, j)
}

func checkDeploys(t *testing.T, j *journal.Journal) {
	t.Helper()
	deploys, err := j.Deploys("app", 0)
	if err != nil || len(deploys) != 12 {
		t.Fatalf("%d deploys, %v", len(deploys), err)
	}
	for _, d := range deploys {
		receipt, err := j.Receipt(d.ID)
		if err != nil || receipt == nil || receipt.Release != d.Release || receipt.App != "app" {
			t.Errorf("deploy %d ended with %+v, %v", d.Release, receipt, err)
		}
		steps, err := j.Steps(d.ID)
		if err != nil || len(steps) != 2 || steps[0].Step.Release != d.Release || steps[1].Ended.IsZero() {
			t.Errorf("deploy %d went through %+v, %v", d.Release, steps, err)
		}
	}
}

func p50(v float64) spread.Spread { return spread.Spread{N: 1, Min: v, P50: v, P99: v, Max: v} }

func TestEachServiceMoreIsJudgedByItself(t *testing.T) {
	points := func(most, overhead float64) []figures.DeploysPoint {
		return []figures.DeploysPoint{
			{Count: 1, Beyond: p50(100), Overhead: p50(300)},
			{Count: 10, Beyond: p50(280), Overhead: p50(1200)},
			{Count: 50, Beyond: p50(most), Overhead: p50(overhead)},
		}
	}
	for _, c := range []struct {
		name           string
		most, overhead float64
		want           [4]string
	}{
		{"20 and 100 ms each", 1080, 5200, [4]string{figures.OK, figures.OK, figures.OK, figures.OK}},
		{"dear with Docker's removal", 1080, 5201, [4]string{figures.OK, figures.OK, figures.Miss, figures.OK}},
		{"more than linear", 1700, 5200, [4]string{figures.OK, figures.Miss, figures.OK, figures.OK}},
		{"dear and more than linear", 5001, 9000, [4]string{figures.Miss, figures.Miss, figures.Miss, figures.Miss}},
	} {
		var got [4]string
		for i, b := range deployBars("service", points(c.most, c.overhead)) {
			got[i] = b.Verdict
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheMostAppsAreJudgedByTheFewest(t *testing.T) {
	point := func(one, all, change, render float64) figures.AppsPoint {
		return figures.AppsPoint{One: p50(one), All: p50(all), Switch: p50(change), Render: p50(render)}
	}
	first := point(30, 30, 2, 1)
	for _, c := range []struct {
		name string
		last figures.AppsPoint
		want [4]string
	}{
		{"as cheap", point(36, 36, 2.4, 1000), [4]string{figures.OK, figures.OK, figures.OK, figures.OK}},
		{"one app dearer", point(37, 36, 2.4, 1000), [4]string{figures.Miss, figures.OK, figures.OK, figures.OK}},
		{"all dearer", point(36, 37, 2.4, 1000), [4]string{figures.OK, figures.Miss, figures.OK, figures.OK}},
		{"switch slower", point(36, 36, 2.5, 1000), [4]string{figures.OK, figures.OK, figures.Miss, figures.OK}},
		{"render slower", point(36, 36, 2.4, 1001), [4]string{figures.OK, figures.OK, figures.OK, figures.Miss}},
		{"never measured", figures.AppsPoint{}, [4]string{figures.Miss, figures.Miss, figures.Miss, figures.Miss}},
	} {
		var got [4]string
		for i, b := range appsBars([]figures.AppsPoint{first, c.last}) {
			got[i] = b.Verdict
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAServiceThatCostsNothingIsNoMissAndFewPointsShowNoLine(t *testing.T) {
	bars := deployBars("service", []figures.DeploysPoint{
		{Count: 1, Beyond: p50(300), Overhead: p50(300)}, {Count: 5, Beyond: p50(290), Overhead: p50(1300)},
	})
	if len(bars) != 2 || bars[0].Verdict != figures.OK || bars[1].Verdict != figures.Miss {
		t.Errorf("%+v", bars)
	}
}
