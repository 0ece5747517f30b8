package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/bench/growth/figures"
	"teal/bench/spread"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

func around3(v float64) spread.Spread {
	return spread.Spread{N: 3, Min: v * 0.9, P50: v, P99: v * 1.2, Max: v * 1.2}
}

func sample() figures.Growth {
	var g figures.Growth
	g.Apps = &figures.Apps{}
	for i, n := range []int{1, 10, 100, 1000} {
		v := float64(i + 1)
		g.Apps.Points = append(g.Apps.Points, figures.AppsPoint{
			Apps: n, One: around3(28 + v), All: around3(29 + 2*v), StaticOne: around3(24), StaticAll: around3(24 + v),
			Switch: around3(2), Render: around3(0.5 * float64(n)), Test: around3(40 * v), Reload: around3(60 * v), Change: around3(200 * v),
			Worker: around3(10 * v * v), StaticWorker: around3(9 * v), Teal: around3(35 + v),
		})
	}
	g.Services, g.Replicas = &figures.Deploys{}, &figures.Deploys{}
	for _, n := range []int{1, 10, 50} {
		p := figures.DeploysPoint{Count: n, Overhead: around3(200 + 120*float64(n)), Beyond: around3(150 + 8*float64(n))}
		g.Services.Points, g.Replicas.Points = append(g.Services.Points, p), append(g.Replicas.Points, p)
	}
	return g
}

func compared() peers {
	return peers{Figures: []peersFigure{
		{Part: "cost", Peer: "teal", Unit: "µs", Median: 27.1, Min: 26.2, Max: 28.4},
		{Part: "cost", Peer: "nginx <by hand> & co", Unit: "µs", Median: 25.4, Min: 24.9, Max: 26},
		{Part: "cost", Peer: "  with its docker-proxy", Unit: "µs", Median: 99},
		{Part: "loss", Peer: "teal"},
		{Part: "loss", Peer: "Caddy", Median: 4700, Min: 4500, Max: 4900},
		{Part: "moment", Peer: "teal", Unit: "ms", Median: 2},
	}}
}

func pictures() map[string][]byte {
	all := drawGrowth(sample())
	for name, text := range drawPeers(compared()) {
		all[name] = text
	}
	return all
}

func TestPicturesAreAsTheyWereSeenToBeRight(t *testing.T) {
	all := pictures()
	if len(all) != 6 {
		t.Errorf("%d pictures, want 6", len(all))
	}
	for name, got := range all {
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is another than the golden one: go test ./bench/plot -update, then look at it", name)
		}
	}
}

func TestPicturesAreWellFormedAndInsideTheirBounds(t *testing.T) {
	for name, text := range pictures() {
		tags := 0
		for in := xml.NewDecoder(bytes.NewReader(text)); ; tags++ {
			if _, err := in.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if tags < 50 || strings.Contains(string(text), "NaN") || strings.Contains(string(text), "Inf") || strings.Contains(string(text), `="-`) {
			t.Errorf("%s: %d tags, and something in it is nowhere:\n%s", name, tags, text)
		}
	}
}

func TestTicksAreRoundAndCoverTheScale(t *testing.T) {
	for _, c := range []struct {
		of   scale
		want []float64
	}{
		{span([]float64{1, 1000}, true), []float64{1, 10, 100, 1000}},
		{span([]float64{0.6, 70}, true), []float64{0.1, 1, 10, 100}},
		{span([]float64{24, 37}, false), []float64{0, 5, 10, 15, 20, 25, 30, 35, 40}},
		{span([]float64{0}, false), []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
	} {
		got := c.of.ticks()
		if len(got) != len(c.want) {
			t.Errorf("%v, want %v", got, c.want)
			continue
		}
		for i := range got {
			if diff := got[i] - c.want[i]; diff > 1e-9 || diff < -1e-9 {
				t.Errorf("%v, want %v", got, c.want)
			}
		}
	}
}

func TestWhatWasNotMeasuredIsNotDrawn(t *testing.T) {
	if all := drawGrowth(figures.Growth{}); len(all) != 0 {
		t.Errorf("%d pictures of nothing", len(all))
	}
	if all := drawPeers(peers{}); len(all) != 0 {
		t.Errorf("%d pictures of no peers", len(all))
	}
}
