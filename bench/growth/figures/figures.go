// Package figures is what the growth benchmark finds, in the form that is
// kept: what measures writes it, what draws reads it.
package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"teal/bench/machine"
	"teal/bench/spread"
)

// Growth is all of it. A part that was not measured yet is nil.
type Growth struct {
	Apps     *Apps    `json:"apps,omitempty"`
	Services *Deploys `json:"services,omitempty"`
	Replicas *Deploys `json:"replicas,omitempty"`
	History  *History `json:"history,omitempty"`
}

// Head is when, of what and beside what a part was measured.
type Head struct {
	Date     time.Time            `json:"date"`
	Revision string               `json:"revision"`
	Machine  machine.Machine      `json:"machine"`
	Noise    machine.SectionNoise `json:"noise"`
	Took     string               `json:"took"`
	Bars     []Bar                `json:"bars"`
}

// Bar is a limit, what was found, and whether it was kept.
type Bar struct {
	Name    string  `json:"name"`
	Got     float64 `json:"got"`
	Limit   float64 `json:"limit"`
	Unit    string  `json:"unit"`
	Verdict string  `json:"verdict"` // ok or miss
}

// The two verdicts.
const (
	OK   = "ok"
	Miss = "miss"
)

// NewBar judges. What was not found (0) is not kept.
func NewBar(name string, got, limit float64, unit string) Bar {
	b := Bar{Name: name, Got: got, Limit: limit, Unit: unit, Verdict: Miss}
	if got > 0 && got <= limit {
		b.Verdict = OK
	}
	return b
}

// Apps is one nginx with more and more apps.
type Apps struct {
	Head
	Points []AppsPoint `json:"points"`
}

// AppsPoint is an nginx with so many apps. Costs are microseconds of the
// proxy's processor a request, times milliseconds, memory MiB.
type AppsPoint struct {
	Apps int `json:"apps"`

	// One app is asked, the last in nginx's order; all are, in turn. Static is
	// an nginx with as many sites written by hand.
	One       spread.Spread `json:"one"`
	All       spread.Spread `json:"all"`
	StaticOne spread.Spread `json:"static_one"`
	StaticAll spread.Spread `json:"static_all"`

	Switch spread.Spread `json:"switch"` // decision to nginx's confirmation
	Rename spread.Spread `json:"rename"` // a part of it
	Ask    spread.Spread `json:"ask"`    // another
	Render spread.Spread `json:"render"` // of all apps
	Test   spread.Spread `json:"test"`   // nginx -t
	Reload spread.Spread `json:"reload"` // from the signal until new workers have taken over
	Change spread.Spread `json:"change"` // teal's whole change of one app's shape, with its tests and the reload

	StaticTest   spread.Spread `json:"static_test"`
	StaticReload spread.Spread `json:"static_reload"`

	Text         float64       `json:"text"` // of all configuration
	Worker       spread.Spread `json:"worker"`
	Master       spread.Spread `json:"master"`
	StaticWorker spread.Spread `json:"static_worker"`
	Teal         spread.Spread `json:"teal"` // teal proxy show, at its most
}

// Deploys is one app with more and more services, or replicas of one.
type Deploys struct {
	Head
	Points []DeploysPoint `json:"points"`
}

// DeploysPoint is an app with so many; milliseconds, but for the peak in MiB.
type DeploysPoint struct {
	Count    int           `json:"count"`
	Overhead spread.Spread `json:"overhead"` // beyond Docker's create and start and the application's own
	Beyond   spread.Spread `json:"beyond"`   // of it, what is left without Docker's stop and removal of the old color
	Whole    spread.Spread `json:"whole"`
	Peak     spread.Spread `json:"peak"`
}

// History is an app with few and with many releases behind it; milliseconds,
// sizes in MiB.
type History struct {
	Head
	Points []HistoryPoint `json:"points"`
}

// HistoryPoint is an app with so many releases behind it.
type HistoryPoint struct {
	Releases int           `json:"releases"`
	Status   spread.Spread `json:"status"`
	History  spread.Spread `json:"history"`     // the newest 20
	All      spread.Spread `json:"history_all"` // all of them
	Overhead spread.Spread `json:"overhead"`    // of a deploy
	Size     float64       `json:"size"`
}

// Load reads what was kept; nothing of it where there is no file.
func Load(path string) (Growth, error) {
	var g Growth
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return g, nil
	}
	if err != nil {
		return g, err
	}
	if err := json.Unmarshal(text, &g); err != nil {
		return g, fmt.Errorf("read %s: %w", path, err)
	}
	return g, nil
}

// Save keeps it.
func (g Growth) Save(path string) error {
	text, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Print prints the bars.
func (h Head) Print(out io.Writer) {
	fmt.Fprintf(out, "teal %s, %s, in %s\n%s\nbefore: %s\nafter: %s\n\n", h.Revision, h.Date.Format(time.RFC3339), h.Took, h.Machine, h.Noise.Before, h.Noise.After)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, b := range h.Bars {
		fmt.Fprintf(t, "%s\t%.3g %s\tat most %g %s\t%s\n", b.Name, b.Got, b.Unit, b.Limit, b.Unit, b.Verdict)
	}
	t.Flush()
	fmt.Fprintln(out)
}

// Missed is how many bars were.
func (h Head) Missed() (n int) {
	for _, b := range h.Bars {
		if b.Verdict != OK {
			n++
		}
	}
	return n
}
