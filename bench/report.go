package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"teal/bench/machine"
	"teal/bench/site"
	"teal/bench/spread"
	"teal/test/dockyard"
)

// report is all that a run found, in the form that is kept.
type report struct {
	Date     time.Time                       `json:"date"`
	Revision string                          `json:"revision"` // what the binary was built from, by its own word
	Machine  machine.Machine                 `json:"machine"`
	Noise    map[string]machine.SectionNoise `json:"noise"` // by section
	Figures  []figure                        `json:"figures"`
	Counts   []count                         `json:"counts"`
}

// figure is a distribution and the limit its 99th percentile has to keep.
type figure struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Limit   float64 `json:"limit,omitempty"` // 0: none, it explains another
	Verdict verdict `json:"verdict,omitempty"`
	spread.Spread
}

// count is how many of how many came to harm.
type count struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Got     int     `json:"got"`
	Of      int     `json:"of"`
	Bound   bool    `json:"bound"` // has to be none
	Verdict verdict `json:"verdict,omitempty"`
	Note    string  `json:"note,omitempty"`
}

// verdict says whether a limit was kept.
type verdict string

const (
	kept  verdict = "ok"
	miss  verdict = "miss"
	unset verdict = ""
)

func newReport(ctx context.Context, teal string, d *dockyard.Yard) (report, error) {
	revision, err := site.Revision(ctx, teal)
	if err != nil {
		return report{}, fmt.Errorf("ask teal for its version: %w", err)
	}
	engine, err := d.Version(ctx)
	if err != nil {
		return report{}, fmt.Errorf("ask Docker for its version: %w", err)
	}
	m, err := machine.Describe(ctx, engine)
	if err != nil {
		return report{}, fmt.Errorf("describe the machine: %w", err)
	}
	return report{Date: time.Now().UTC().Truncate(time.Second), Revision: revision, Machine: m, Noise: map[string]machine.SectionNoise{}}, nil
}

// add enters a distribution. A limit without a sample is missed: nothing shows
// that it was kept.
func (r *report) add(section, name, unit string, limit float64, samples []float64) {
	f := figure{Section: section, Name: name, Unit: unit, Limit: limit, Spread: spread.Of(samples)}
	switch {
	case limit == 0:
	case f.N > 0 && f.P99 <= limit:
		f.Verdict = kept
	default:
		f.Verdict = miss
	}
	r.Figures = append(r.Figures, f)
}

// none enters a count that has to be zero, of something that did happen.
func (r *report) none(section, name string, got, of int, note string) {
	c := count{Section: section, Name: name, Got: got, Of: of, Bound: true, Verdict: kept, Note: note}
	if got > 0 || of == 0 {
		c.Verdict = miss
	}
	r.Counts = append(r.Counts, c)
}

// control enters a count for comparison.
func (r *report) control(section, name string, got, of int, note string) {
	r.Counts = append(r.Counts, count{Section: section, Name: name, Got: got, Of: of, Note: note})
}

// mark returns how to drop all that is entered from now on.
func (r *report) mark() (drop func()) {
	figures, counts := len(r.Figures), len(r.Counts)
	return func() { r.Figures, r.Counts = r.Figures[:figures], r.Counts[:counts] }
}

func (r *report) verdicts() []verdict {
	var all []verdict
	for _, c := range r.Counts {
		all = append(all, c.Verdict)
	}
	for _, f := range r.Figures {
		all = append(all, f.Verdict)
	}
	return all
}

func (r *report) limits() (n int) {
	for _, v := range r.verdicts() {
		if v != unset {
			n++
		}
	}
	return n
}

func (r *report) missed() (n int) {
	for _, v := range r.verdicts() {
		if v == miss {
			n++
		}
	}
	return n
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "teal %s, %s\n%s\n\n", r.Revision, r.Date.Format(time.RFC3339), r.Machine)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "requests\t\tcame to harm\tof\tlimit\t\t")
	for _, c := range r.Counts {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", c.Section, c.Name, c.Got, c.Of, c.bound(), c.Verdict, c.Note)
	}
	t.Flush()
	fmt.Fprintln(out)
	fmt.Fprintln(t, "figures\t\tn\tp50\tp99\tmax\tlimit\t\t")
	for _, f := range r.Figures {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", f.Section, f.Name, f.N, f.show(f.P50), f.show(f.P99), f.show(f.Max), f.limit(), f.Verdict)
	}
	t.Flush()
}

func (c count) bound() string {
	if c.Bound {
		return "0"
	}
	return ""
}

func (f figure) show(v float64) string {
	digits := 1
	if v < 10 {
		digits = 2
	}
	return fmt.Sprintf("%.*f %s", digits, v, f.Unit)
}

func (f figure) limit() string {
	if f.Limit == 0 {
		return ""
	}
	return fmt.Sprintf("%g %s", f.Limit, f.Unit)
}

func (r *report) save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
