package main

import (
	"context"
	"errors"
	"time"

	"teal/internal/deploy"
	"teal/internal/release"
)

// standby is an engine in which both colors run. A rollback to a warm standby
// asks it for nothing else; whatever it were asked beyond that would end the
// run, since the embedded Runtime is nil.
type standby struct {
	deploy.Runtime
	net release.Network
}

// numberIn is the release that a color holds.
func numberIn(c release.Color) int {
	if c == release.Green {
		return 2
	}
	return 1
}

func (s standby) Observe(_ context.Context, app release.App) (release.Engine, error) {
	e := release.Engine{Colors: map[release.Color]release.ColorState{}, Network: release.NetworkState{Exists: true, Subnet: s.net.Subnet}}
	for _, c := range release.Colors {
		slot := release.Slot{Service: app.Services[0].Name, Color: c, Replica: 1}
		e.Colors[c] = release.ColorState{Release: numberIn(c), Containers: []release.Container{{
			ID: string(c), Service: slot.Service, Color: c, Replica: 1, Release: numberIn(c), Addr: s.net.Addr(slot), Running: true,
		}}}
	}
	return e, nil
}

// ready is a gate that is open: gates come before the decision to switch and
// are measured by themselves.
type ready struct{}

func (ready) Healthy(context.Context, []release.Target, deploy.Say) error { return nil }

// clock is a Router that times the two steps of a switch.
type clock struct {
	deploy.Router
	turns []turn
}

// turn is one switch.
type turn struct {
	to        release.Color
	decided   time.Time     // before anything of it could be seen
	confirmed time.Time     // from here on every request belongs to the color
	renamed   time.Duration // Shift alone
	asked     time.Duration // Confirm alone
}

func (c *clock) Shift(ctx context.Context, app release.App, table release.Table) error {
	t := turn{to: release.Blue, decided: time.Now()}
	if table.Routes(release.Green) {
		t.to = release.Green
	}
	err := c.Router.Shift(ctx, app, table)
	t.renamed = time.Since(t.decided)
	c.turns = append(c.turns, t)
	return err
}

func (c *clock) Confirm(ctx context.Context, app release.App, table release.Table) error {
	if len(c.turns) == 0 {
		return errors.New("the plan is not that of a rollback to a warm standby: it asks before it shifts")
	}
	began := time.Now()
	err := c.Router.Confirm(ctx, app, table)
	t := &c.turns[len(c.turns)-1]
	t.confirmed, t.asked = time.Now(), time.Since(began)
	return err
}

// take returns the turns since it was last called.
func (c *clock) take() []turn {
	turns := c.turns
	c.turns = nil
	return turns
}
