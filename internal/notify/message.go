package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"teal/internal/release"
)

// Message is what a target hears. As JSON it is a webhook's body, documented
// in docs/notify.md.
type Message struct {
	Type     string             `json:"type"` // deploy
	Event    release.Happening  `json:"event"`
	Time     time.Time          `json:"time"`
	App      string             `json:"app"`
	Hosts    []string           `json:"hosts,omitempty"`
	Deploy   int64              `json:"deploy"`
	Kind     release.DeployKind `json:"kind"`
	Release  int                `json:"release,omitempty"`
	Color    release.Color      `json:"color,omitempty"`
	Replaced int                `json:"replaced,omitempty"`
	By       string             `json:"by"`
	Live     release.Color      `json:"live,omitempty"`    // at the end
	Took     time.Duration      `json:"took_ns,omitempty"` // at the end
	Lost     *int               `json:"lost,omitempty"`    // at the end, where anybody counted
	Text     string             `json:"text"`              // all of it in a line
	Receipt  *release.Receipt   `json:"receipt,omitempty"`
	Error    *release.Error     `json:"error,omitempty"`
}

// Begin is the message that a deploy has started.
func Begin(app release.App, d release.Deploy, text string) Message {
	return Message{
		Type: "deploy", Event: release.Started, Time: time.Now(), App: app.Name, Hosts: app.Site.Hosts,
		Deploy: d.ID, Kind: d.Kind, Release: d.Release, By: d.By, Text: text,
	}
}

// Ended is the message at the end of the deploy that begun tells of.
func (m Message) Ended(r release.Receipt, failure *release.Error) Message {
	m.Event, m.Time = happened(r), time.Now()
	m.Kind, m.Release, m.Color, m.Replaced = r.Kind, r.Release, r.Color, r.Replaced
	m.Live, m.Took, m.Receipt, m.Error = r.Live, r.Took, &r, failure
	if r.Clients != nil || r.Witness != nil {
		m.Lost = new(r.Lost())
	}
	m.Text = m.headline()
	return m
}

func happened(r release.Receipt) release.Happening {
	switch {
	case r.Outcome == release.OutcomeUndone, r.Outcome == release.OutcomeDone && r.Kind == release.KindUndo:
		return release.Cancelled
	case r.Outcome != release.OutcomeDone:
		return release.Failed
	case r.Kind == release.KindRollback:
		return release.RolledBack
	}
	return release.Succeeded
}

// headline is the end in a line.
func (m Message) headline() string {
	live := "nothing is live"
	if m.Live != release.None {
		live = string(m.Live) + " is live"
	}
	switch m.Event {
	case release.Succeeded:
		return fmt.Sprintf("%s: release %d is out, %s", m.App, m.Release, live)
	case release.RolledBack:
		return fmt.Sprintf("%s: rolled back to release %d, %s", m.App, m.Release, live)
	case release.Cancelled:
		return fmt.Sprintf("%s: release %d was cancelled, %s", m.App, m.Release, live)
	}
	return fmt.Sprintf("%s: %s of release %d failed, %s", m.App, m.Kind, m.Release, live)
}

// masked is the message without what looks like a secret in those texts that
// come from outside: from containers, builds, compose files.
func (m Message) masked(mask *Mask) Message {
	m.Text = mask.Text(m.Text)
	m.Error = mask.Error(m.Error)
	if m.Receipt != nil && m.Receipt.Witness != nil {
		r, w := *m.Receipt, *m.Receipt.Witness
		w.First = mask.Text(w.First)
		r.Witness = &w
		m.Receipt = &r
	}
	return m
}

func (m Message) encode(kind release.NotifyKind) ([]byte, error) {
	if kind == release.NotifySlack {
		return json.Marshal(m.slack())
	}
	return json.Marshal(m)
}
