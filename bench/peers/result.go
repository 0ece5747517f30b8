package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"teal/bench/machine"
)

// result is all that a run found, in the form that is kept.
type result struct {
	Date     time.Time         `json:"date"`
	Revision string            `json:"revision"` // of the code that was measured
	Machine  machine.Machine   `json:"machine"`
	Versions map[string]string `json:"versions"` // of the others
	Parts    map[string]ran    `json:"parts"`
	Figures  []figure          `json:"figures"`
	Bars     []bar             `json:"bars"`
	// Ratios are what a later run is compared by: each is teal's cost over
	// another's in the same rounds, so less is better. The names stay.
	Ratios map[string]ratioOf `json:"ratios"`
}

// ran is when a part was measured, and beside what. A part is measured in one
// run; different parts may have been in different ones.
type ran struct {
	Date     time.Time            `json:"date"`
	Revision string               `json:"revision"`
	Took     string               `json:"took"`
	Noise    machine.SectionNoise `json:"noise"`
}

// figure is what was measured of one proxy.
type figure struct {
	Part string `json:"part"`
	What string `json:"what"`
	Peer string `json:"peer"`
	Unit string `json:"unit"`
	Note string `json:"note,omitempty"`
	series
}

// ratioOf is a ratio of a part.
type ratioOf struct {
	Part string `json:"part"`
	series
}

// bar is a limit, and whether it was kept.
type bar struct {
	Part    string  `json:"part"`
	What    string  `json:"what"`
	Limit   string  `json:"limit"`
	Got     float64 `json:"got"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Verdict string  `json:"verdict"` // ok or miss
}

var errVoid = errors.New("the run is void")

func (r *result) add(part, what, peer, unit, note string, rounds []float64) series {
	f := figure{part, what, peer, unit, note, seriesOf(rounds)}
	r.Figures = append(r.Figures, f)
	return f.series
}

// most is a bar that the median may not exceed; least one that it has to reach.
func (r *result) most(part, what string, limit float64, unit string, got series) {
	r.bar(part, what, fmt.Sprintf("≤ %g%s", limit, unit), got, got.Median <= limit)
}

func (r *result) least(part, what string, limit float64, unit string, got series) {
	r.bar(part, what, fmt.Sprintf("≥ %g%s", limit, unit), got, got.Median >= limit)
}

// bar enters a verdict. One without a round is missed: nothing shows that it
// was kept.
func (r *result) bar(part, what, limit string, got series, kept bool) {
	verdict := "miss"
	if kept && len(got.Rounds) > 0 {
		verdict = "ok"
	}
	r.Bars = append(r.Bars, bar{part, what, limit, got.Median, got.Min, got.Max, verdict})
}

// compare enters a ratio for later runs.
func (r *result) compare(part, name string, of series) { r.Ratios[name] = ratioOf{part, of} }

// keep takes over from an earlier result the parts that were not measured now.
func (r *result) keep(old result) {
	again := maps.Clone(r.Parts)
	left := func(part string) bool { _, is := again[part]; return !is }
	for part, when := range old.Parts {
		if left(part) {
			r.Parts[part] = when
		}
	}
	for name, of := range old.Ratios {
		if left(of.Part) {
			r.Ratios[name] = of
		}
	}
	r.Figures = append(slices.DeleteFunc(old.Figures, func(f figure) bool { return !left(f.Part) }), r.Figures...)
	r.Bars = append(slices.DeleteFunc(old.Bars, func(b bar) bool { return !left(b.Part) }), r.Bars...)
}

func (r *result) missed() (n int) {
	for _, b := range r.Bars {
		if b.Verdict != "ok" {
			n++
		}
	}
	return n
}

func (r *result) print(out io.Writer) error {
	fmt.Fprintf(out, "teal %s, %s\n%s\n%v\n\n", r.Revision, r.Date.Format(time.RFC3339), r.Machine, r.Versions)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "measured\tmedian (min to max)\trounds\t\t")
	last := ""
	for _, f := range r.grouped() {
		if what := f.Part + ": " + f.What; what != last {
			last = what
			fmt.Fprintf(t, "%s\t%s\t\t\t\n", what, f.Unit)
		}
		fmt.Fprintf(t, "  %s\t%s\t%d\t%s\t\n", f.Peer, f.series, len(f.Rounds), f.Note)
	}
	fmt.Fprintln(t, "\nbar\t\t\tmedian (min to max)\t")
	for _, b := range r.Bars {
		fmt.Fprintf(t, "%s: %s\t%s\t%s\t%s\t\n", b.Part, b.What, b.Limit, b.Verdict, series{Median: b.Got, Min: b.Min, Max: b.Max})
	}
	return t.Flush()
}

// unfinished drops what was found by a part that did not come to its end.
func (r *result) unfinished(part string) {
	delete(r.Parts, part)
	r.Figures = slices.DeleteFunc(r.Figures, func(f figure) bool { return f.Part == part })
	r.Bars = slices.DeleteFunc(r.Bars, func(b bar) bool { return b.Part == part })
	maps.DeleteFunc(r.Ratios, func(_ string, of ratioOf) bool { return of.Part == part })
}

// join keeps, of the file, what was not measured now.
func (r *result) join(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var old result
	if err == nil {
		err = json.Unmarshal(text, &old)
	}
	if err != nil {
		return fmt.Errorf("read the figures that are there: %w", err)
	}
	r.keep(old)
	return nil
}

// grouped are the figures with those of one kind together, in the order in
// which the kinds were first told of.
func (r *result) grouped() (list []figure) {
	kind := func(f figure) string { return f.Part + f.What }
	var kinds []string
	for _, f := range r.Figures {
		if !slices.Contains(kinds, kind(f)) {
			kinds = append(kinds, kind(f))
		}
	}
	for _, k := range kinds {
		for _, f := range r.Figures {
			if kind(f) == k {
				list = append(list, f)
			}
		}
	}
	return list
}

func (r *result) save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
