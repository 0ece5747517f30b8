package stage

import (
	"context"
	"errors"
	"time"

	"teal/bench/crowd"
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
		slot := Slot(c)
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

// Clock is a Router that times the two steps of a switch.
type Clock struct {
	deploy.Router
	turns []Turn
}

// Turn is one switch, with its two parts.
type Turn struct {
	crowd.Turn
	Renamed time.Duration // Shift alone
	Asked   time.Duration // Confirm alone
}

// Shift is the Router's, timed.
func (c *Clock) Shift(ctx context.Context, app release.App, table release.Table) error {
	t := Turn{Turn: crowd.Turn{To: release.Blue, Decided: time.Now()}}
	if table.Routes(release.Green) {
		t.To = release.Green
	}
	err := c.Router.Shift(ctx, app, table)
	t.Renamed = time.Since(t.Decided)
	c.turns = append(c.turns, t)
	return err
}

// Confirm is the Router's, timed.
func (c *Clock) Confirm(ctx context.Context, app release.App, table release.Table) error {
	if len(c.turns) == 0 {
		return errors.New("the plan is not that of a rollback to a warm standby: it asks before it shifts")
	}
	began := time.Now()
	err := c.Router.Confirm(ctx, app, table)
	t := &c.turns[len(c.turns)-1]
	t.Confirmed, t.Asked = time.Now(), time.Since(began)
	return err
}

// Take returns the turns since it was last called.
func (c *Clock) Take() []Turn {
	turns := c.turns
	c.turns = nil
	return turns
}
