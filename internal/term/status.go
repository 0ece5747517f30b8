package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// StatusView is where an app stands, as teal status prints it; its JSON is
// the answer of teal status --json.
type StatusView struct {
	App     string                      `json:"app"`
	Live    release.Color               `json:"live"`   // "" before the first release
	Shares  map[release.Color]int       `json:"shares"` // percent of the clients, both colors; empty before the first release
	Colors  map[release.Color]ColorView `json:"colors"`
	Shared  []ServiceView               `json:"shared,omitempty"`
	Proxies []ProxyView                 `json:"proxies,omitempty"`
	Deploy  *DeployView                 `json:"deploy"` // the one that runs, or was begun and never ended
}

// ColorView is one slot.
type ColorView struct {
	Release  int           `json:"release"` // 0 for a slot without containers
	State    string        `json:"state"`   // live, standby, stopped, starting, empty
	Healthy  bool          `json:"healthy"`
	Services []ServiceView `json:"services"`
}

// ServiceView is a service of a color, or a shared one.
type ServiceView struct {
	Name    string `json:"name"`
	Running int    `json:"running"`
	Wanted  int    `json:"wanted"`
	Note    string `json:"note,omitempty"` // what is wrong with it: exited 1, unhealthy
}

// ProxyView is one nginx of the chain.
type ProxyView struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Running bool   `json:"running"`
	Current bool   `json:"current"`        // it answers the wanted config and the table on disk
	Note    string `json:"note,omitempty"` // what is wrong with it
}

// DeployView is a deploy that has begun.
type DeployView struct {
	Kind    release.DeployKind `json:"kind"`
	Release int                `json:"release,omitempty"`
	By      string             `json:"by"`
	PID     int                `json:"pid"`
	Started time.Time          `json:"started"`
	Step    string             `json:"step,omitempty"` // the step it was last known at
	Running bool               `json:"running"`        // false: it was killed, the next command ends it
}

// Status prints where an app stands.
func Status(w io.Writer, v StatusView) error {
	var t table
	t.row("color", "share", "release", "state", "services")
	for _, c := range release.Colors {
		t.row(colorRow(c, v)...)
	}
	if len(v.Shared) > 0 {
		t.row("shared", "", "", "", services(v.Shared))
	}
	below := proxyLines(v.Proxies)
	if v.Deploy != nil {
		below = append(below, deployLine(*v.Deploy))
	}
	head := Clean(v.App) + ": " + standing(v.Live)
	if v.Live != release.None && down(v.Proxies) {
		head += ", but no nginx runs to serve it"
	}
	return t.write(w, []string{head}, below)
}

func colorRow(c release.Color, v StatusView) []string {
	view := v.Colors[c]
	share, number := "-", "-"
	if n, ok := v.Shares[c]; ok {
		share = fmt.Sprintf("%d %%", n)
	}
	if view.Release > 0 {
		number = fmt.Sprint(view.Release)
	}
	state := Clean(view.State)
	if state == "" {
		state = "empty"
	}
	if !view.Healthy && state == "live" {
		state = "live, not healthy"
	}
	return []string{string(c), share, number, state, services(view.Services)}
}

func services(list []ServiceView) string {
	var out []string
	for _, s := range list {
		text := fmt.Sprintf("%s %d/%d", Clean(s.Name), s.Running, s.Wanted)
		if s.Note != "" {
			text += " (" + Clean(s.Note) + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// down reports whether there are proxies and none of them runs.
func down(list []ProxyView) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(p ProxyView) bool { return p.Running })
}

func proxyLines(list []ProxyView) []string {
	var out []string
	for _, p := range list {
		state := "current"
		switch {
		case !p.Running:
			state = "not running"
		case !p.Current:
			state = "not current"
		}
		text := fmt.Sprintf("proxy: %s, %s", strings.TrimSpace(Clean(p.Name)+" "+Clean(p.Version)), state)
		if p.Note != "" {
			text += ": " + Clean(p.Note)
		}
		out = append(out, text)
	}
	return out
}

func deployLine(d DeployView) string {
	text := string(d.Kind)
	if d.Release > 0 {
		text += fmt.Sprintf(" of release %d", d.Release)
	}
	text += fmt.Sprintf(" by %s (pid %d) since %s", Clean(d.By), d.PID, d.Started.Format("15:04:05"))
	if d.Step != "" {
		text += ", at " + Clean(d.Step)
	}
	if !d.Running {
		return "unfinished: " + text + "; the next teal deploy or rollback ends it"
	}
	return "running: " + text
}
