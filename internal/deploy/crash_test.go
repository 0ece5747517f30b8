package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// beat is a scheduler: it must never run in both colors.
const beat = "beat"

// wide is an app with all that a plan may have to do with: replicas, a service
// without clients, a scheduler, a release command.
func wide() release.App {
	a := app()
	a.Services = []release.Service{
		{Name: "web", Port: 80, Replicas: 2, Health: release.Health{Answers: 1}},
		{Name: "worker", Replicas: 1, Health: release.Health{Answers: 1}},
		{Name: beat, Replicas: 1, Handoff: release.HandoffStopFirst, Health: release.Health{Answers: 1}},
	}
	a.Policy.Command = &release.Command{Service: "web", Argv: []string{"migrate"}, Timeout: time.Minute}
	a.Policy.Keep = 2
	return a
}

// with is the app with another standby.
func with(standby release.Standby) release.App {
	a := wide()
	a.Policy.Standby = standby
	return a
}

// grown is the app with a replica more: another shape, for which nginx must
// reload.
func grown() release.App {
	a := wide()
	a.Services[0].Replicas = 3
	return a
}

// typed is a command as a person types it.
type typed struct {
	name string
	do   func(*Deployer, context.Context, release.App) (release.Receipt, error)
}

var (
	deployIt   = typed{"deploy", (*Deployer).Deploy}
	abortIt    = typed{"abort", (*Deployer).Abort}
	rollbackIt = rollbackTo(0)
	downIt     = typed{"down", func(d *Deployer, ctx context.Context, a release.App) (release.Receipt, error) {
		return d.Down(ctx, a, false)
	}}
	commands = []typed{deployIt, abortIt, rollbackIt, downIt}
)

func rollbackTo(number int) typed {
	return typed{fmt.Sprint("rollback to ", number), func(d *Deployer, ctx context.Context, a release.App) (release.Receipt, error) {
		return d.Rollback(ctx, a, number)
	}}
}

// scene is a machine in some state, and the command that meets its end there.
type scene struct {
	name   string
	app    release.App
	before int // releases that the machine has had, of the app as it was
	was    func() release.App
	also   func(*machine) // what else has happened
	do     typed
}

// scenes are all kinds of plans.
var scenes = []scene{
	{name: "first deploy", app: wide(), do: deployIt},
	{name: "second deploy", app: wide(), before: 1, do: deployIt},
	{name: "deploy over a cold standby, with a prune", app: wide(), before: 3, do: deployIt},
	{name: "deploy over a warm standby", app: with(release.StandbyWarm), before: 3, do: deployIt},
	{name: "deploy with no standby", app: with(release.StandbyNone), before: 2, do: deployIt},
	{name: "deploy of a bad release", app: wide(), before: 2, also: func(m *machine) { m.unhealthy[3] = true }, do: deployIt},
	{name: "deploy whose release command fails", app: wide(), before: 2, also: func(m *machine) { m.failing = 3 }, do: deployIt},
	{name: "deploy of another shape", app: grown(), before: 2, was: wide, do: deployIt},
	{name: "deploy of another shape, bad", app: grown(), before: 2, was: wide, also: func(m *machine) { m.unhealthy[3] = true }, do: deployIt},
	{name: "rollback to a cold standby", app: wide(), before: 2, do: rollbackIt},
	{name: "rollback to a warm standby", app: with(release.StandbyWarm), before: 2, do: rollbackIt},
	{name: "rollback from history", app: with(release.StandbyNone), before: 2, do: rollbackIt},
	{name: "rollback to another shape", app: grown(), before: 2, was: wide, also: deployed(grown()), do: rollbackIt},
	{name: "rollback from history to another shape", app: shaped(with(release.StandbyNone), 3), before: 1, was: func() release.App { return with(release.StandbyNone) }, also: deployed(shaped(with(release.StandbyNone), 3)), do: rollbackIt},
	{name: "rollback by number", app: keeping(wide(), 4), before: 4, was: func() release.App { return keeping(wide(), 4) }, do: rollbackTo(2)},
	{name: "abort before the shift", app: wide(), before: 2, also: cutOffAt(deployIt, "healthy"), do: abortIt},
	{name: "abort after the shift", app: wide(), before: 2, also: cutOffAt(deployIt, "drain"), do: abortIt},
	{name: "abort of a rollback", app: wide(), before: 2, also: cutOffAt(rollbackIt, "drain"), do: abortIt},
	{name: "down", app: wide(), before: 2, do: downIt},
	{name: "deploy after a reboot", app: wide(), before: 2, also: (*machine).reboot, do: deployIt},
	{name: "rollback after a reboot", app: wide(), before: 2, also: (*machine).reboot, do: rollbackIt},
	{name: "deploy without a journal", app: wide(), before: 2, also: (*machine).loseJournal, do: deployIt},
	{name: "rollback without a journal", app: wide(), before: 2, also: (*machine).loseJournal, do: rollbackIt},
}

func keeping(a release.App, keep int) release.App {
	a.Policy.Keep = keep
	return a
}

func shaped(a release.App, replicas int) release.App {
	a.Services = slices.Clone(a.Services)
	a.Services[0].Replicas = replicas
	return a
}

func deployed(a release.App) func(*machine) {
	return func(m *machine) { m.run(deployIt, a) }
}

// cutOffAt kills the command right after the effect of that name.
func cutOffAt(c typed, effect string) func(*machine) {
	return func(m *machine) {
		for at := 1; ; at++ {
			try := m.clone()
			if !try.dies(c, wide(), at) {
				return
			}
			if len(try.events) > 0 && try.events[len(try.events)-1] == effect {
				*m = *try
				return
			}
		}
	}
}

// reboot stops everything; nginx starts with the config that is on its disk.
func (m *machine) reboot() {
	for _, c := range m.colors {
		for i := range c.containers {
			c.containers[i].running, c.containers[i].ending = false, false
		}
	}
	m.shared, m.watching, m.shut = false, false, release.None
	m.reload()
}

func (m *machine) loseJournal() {
	m.memory, m.specs, m.deploys = release.Memory{Next: 1}, map[int]release.Spec{}, nil
}

// set up is the machine the scene begins with.
func (s scene) machine(t *testing.T) *machine {
	t.Helper()
	m, was := newMachine(), s.app
	if s.was != nil {
		was = s.was()
	}
	for range s.before {
		if err := m.run(deployIt, was); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	if s.also != nil {
		s.also(m)
	}
	return m.clone()
}

// run runs a command to its end.
func (m *machine) run(c typed, a release.App) error {
	d := m.deployer()
	m.dieAt, m.events = 0, nil
	_, err := c.do(d, context.Background(), a)
	return err
}

// dies runs a command and reports whether it met its end at the nth change.
func (m *machine) dies(c typed, a release.App, at int) bool {
	d := m.deployer()
	m.dieAt, m.events = at, nil
	defer func() { m.dieAt = 0 }()
	return dies(func() { c.do(d, context.Background(), a) })
}

// killed are the machines that the command leaves behind when it dies after
// each of its changes in turn.
func (m *machine) killed(c typed, a release.App) []*machine {
	whole := m.clone()
	whole.recording = true
	whole.run(c, a)
	return whole.deaths
}

// sound is what a command that succeeded owes, whatever it was.
func (m *machine) sound(a release.App) error {
	if u := (fakeJournal{m}).unended(); u != nil {
		return fmt.Errorf("deploy %d never ended", u.ID)
	}
	if m.watching || len(m.debris) > 0 || m.shut != release.None {
		return fmt.Errorf("left: watching %v, %v, %q shut", m.watching, m.debris, m.shut)
	}
	live := m.routed()
	c, other := m.colors[live], m.colors[live.Other()]
	if !m.loaded || m.table == nil || m.serving() != live {
		return fmt.Errorf("%q serves, the table is %v", m.serving(), m.table)
	}
	if m.written == nil || generationOf(*m.written, m.writtenNet) != generationOf(m.applied, m.net) || !m.network || !m.shared {
		return errors.New("nginx, the network or the database is not as it should be")
	}
	if err := m.states(c.release()); err != nil {
		return err
	}
	for _, have := range c.containers {
		if !have.running || have.release != c.release() {
			return fmt.Errorf("%s: %+v", live, have)
		}
	}
	if other.running() && a.Policy.Standby != release.StandbyWarm || other.runs(beat) {
		return fmt.Errorf("%s runs: %+v", live.Other(), other)
	}
	for _, have := range other.containers {
		if have.release != other.release() {
			return fmt.Errorf("%s is mixed: %+v", live.Other(), other)
		}
	}
	return nil
}

// states checks that of all releases the one given, and no other, is live, and
// that none is still starting.
func (m *machine) states(live int) error {
	for _, r := range m.memory.Releases {
		if r.State == release.StateStarting || (r.State == release.StateLive) != (r.Number == live) {
			return fmt.Errorf("release %d is %s, %d serves", r.Number, r.State, live)
		}
	}
	return nil
}

// fingerprint tells machines apart by all that a command to come may depend on.
func (m *machine) fingerprint() string {
	var b []byte
	flag := func(on bool) { b = strconv.AppendBool(b, on) }
	number := func(n int) { b = append(strconv.AppendInt(b, int64(n), 10), ' ') }
	text := func(s string) { b = append(append(b, s...), ' ') }
	for _, c := range release.Colors {
		for _, f := range m.colors[c].containers {
			text(f.service)
			number(f.replica)
			number(f.release)
			flag(f.running)
			flag(f.ending)
			b = append(b, f.addr.AsSlice()...)
		}
		text(";")
	}
	for _, on := range []bool{m.database, m.shared, m.network, m.loaded, m.pending, m.watching, m.table == nil, m.written == nil, m.memory.Network.Subnet.IsValid()} {
		flag(on)
	}
	if m.table != nil {
		text(m.table.Name())
	}
	if m.written != nil {
		text(generationOf(*m.written, m.writtenNet))
	}
	text(generationOf(m.applied, m.net))
	number(len(m.debris))
	text(string(m.shut))
	number(m.memory.Next)
	for _, r := range m.memory.Releases {
		number(r.Number)
		text(string(r.State + "/" + release.State(r.Color)))
		flag(r.Kept)
		flag(m.images[r.Number])
	}
	memory, _ := fakeJournal{m}.Memory("")
	for _, d := range (release.Observed{Unended: memory.Unended, Older: memory.Older}).Unfinished() {
		text(string(d.Kind))
		number(d.Release)
		if d.At.Kind == release.StepStop || d.At.Kind == release.StepClear {
			text(string(d.At.Kind) + string(d.At.Color) + strings.Join(d.At.Services, " "))
		}
		if d.Undoes != nil {
			text(string(d.Undoes.Kind))
			number(d.Undoes.Release)
		}
	}
	return string(b)
}
