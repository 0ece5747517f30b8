package deploy

import (
	"context"
	"slices"
	"testing"

	"teal/internal/release"
)

// A new release takes the standby's place only when everything that can fail
// before has been done: build, pull, the shared services, the release command.
// Until then a failure or a Ctrl-C leaves the standby as it was.
func TestAReleaseThatEndsBeforeItsColorIsEmptiedLeavesTheStandby(t *testing.T) {
	for _, standby := range []release.Standby{release.StandbyWarm, release.StandbyCold} {
		a, start := with(standby), newMachine()
		for range 2 {
			if err := start.run(deployIt, a); err != nil {
				t.Fatal(err)
			}
		}
		c := start.routed().Other()
		before := start.colors[c].containers
		emptied := slices.IndexFunc(start.killed(deployIt, a), func(m *machine) bool { return slices.Contains(m.events, "clear "+string(c)) })
		if emptied < 10 {
			t.Fatalf("%s: the color is emptied at change %d: this shows little", standby, emptied)
		}
		for at := 1; at < emptied; at++ {
			for _, m := range []*machine{failing(start, a, at), cancelled(t, start, a, at), migrating(start, a)} {
				if m == nil {
					continue // the release went on
				}
				if !slices.Equal(m.colors[c].containers, before) {
					t.Fatalf("%s, at %d: %+v was %+v: %v", standby, at, m.colors[c].containers, before, m.events)
				}
			}
		}
	}
}

func failing(start *machine, a release.App, at int) *machine {
	m := start.clone()
	m.fault = fault{at: at, err: errInjected}
	return m.ended(m.run(deployIt, a))
}

func cancelled(t *testing.T, start *machine, a release.App, at int) *machine {
	m := start.clone()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m.cancelAt, m.cancel = at, cancel
	return m.ended(m.run(typed{"deploy", func(d *Deployer, _ context.Context, a release.App) (release.Receipt, error) { return d.Deploy(ctx, a) }}, a))
}

// ended is the machine after a command that failed, nil after another.
func (m *machine) ended(err error) *machine {
	if err == nil {
		return nil
	}
	return m
}

// migrating is the machine after a release whose release command fails.
func migrating(start *machine, a release.App) *machine {
	m := start.clone()
	m.failing = m.memory.Next
	return m.ended(m.run(deployIt, a))
}
