package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"teal/internal/release"
)

// machine is a Docker engine, an nginx and a journal in memory. They keep the
// promises of ports.go and nothing more; the real ones are tested in their own
// rooms and, together, under test/e2e. What this one can do that they can't is
// to die, or to refuse, at any chosen moment: between any two changes, in the
// middle of an effect as well.
type machine struct {
	colors     map[release.Color]*fakeColor
	database   bool // is there
	shared     bool // it runs
	network    bool
	images     map[int]bool
	wiped      int // the newest release whose images a down has taken
	table      *release.Table
	written    *release.App    // the app's config on nginx's disk
	writtenNet release.Network // the addresses in it
	loaded     bool            // nginx runs a config of the app
	applied    release.App     // which
	net        release.Network // the addresses in it
	pending    bool            // nginx was told to reload and has not done so yet
	watching   bool
	debris     []string      // what a killed teal left beside nginx's files
	shut       release.Color // to which new connections are kept from getting

	unhealthy map[int]bool // releases that never get healthy
	failing   int          // release whose release command fails
	asked     int          // how often the engine is still to be observed before it is gone; 0 always
	notes     []string     // of nginx
	drained   int
	cuts      int      // connections that a drain ends with, at its limit
	closed    int      // how often new connections were kept from a color
	events    []string // effects in their order
	n         int      // changes so far
	dieAt     int      // change after which the process dies; 0 never
	cancelAt  int      // change at which Ctrl-C arrives
	cancel    func()
	fault     fault
	lag       int           // how many effects come before what was begun by a killed or interrupted command happens by itself
	live      release.Color // color that served when the command began
	amiss     bool          // a dead color was routed to when the command began
	gone      bool          // the app was taken out of nginx
	violation error
	recording bool
	deaths    []*machine // what a death after each change would leave behind

	memory  release.Memory
	specs   map[int]release.Spec
	locked  bool
	deploys []release.Deploy // all that were begun, by their numbers from 1
}

// fakeColor is what stands in a color.
type fakeColor struct{ containers []fakeContainer }

type fakeContainer struct {
	service          string
	replica, release int
	running          bool
	ending           bool // it was told to stop
	addr             netip.Addr
}

func (c *fakeColor) release() (number int) {
	for _, have := range c.containers {
		number = max(number, have.release)
	}
	return number
}

func (c *fakeColor) running() bool {
	return slices.ContainsFunc(c.containers, func(have fakeContainer) bool { return have.running })
}

// runs reports whether a replica of the service does.
func (c *fakeColor) runs(service string) bool {
	return slices.ContainsFunc(c.containers, func(have fakeContainer) bool { return have.running && have.service == service })
}

// died is what a kill -9 looks like from inside a test: nothing after it runs.
type died struct{}

var errInjected = errors.New("injected failure")

// fault is what goes wrong: at one change, or from it on.
type fault struct {
	at   int
	on   bool   // goes on until somebody mends it
	part string // of the machine: docker, nginx, journal; "" any
	late bool   // the change is made, and its answer is lost
	err  error
}

// strikes reports whether the fault is met by the next change in that part.
func (m *machine) strikes(part string) bool {
	f := m.fault
	if f.at == 0 || f.part != "" && f.part != part {
		return false
	}
	return m.n == f.at || f.on && m.n > f.at
}

// down is the fault's error where one that goes on is met by a question.
func (m *machine) down(part string) error {
	if f := m.fault; f.on && f.at != 0 && m.n >= f.at && (f.part == "" || f.part == part) {
		return f.err
	}
	return nil
}

func newMachine() *machine {
	m := &machine{
		specs: map[int]release.Spec{}, unhealthy: map[int]bool{}, images: map[int]bool{},
		colors: map[release.Color]*fakeColor{release.Blue: {}, release.Green: {}},
	}
	m.memory.Next = 1
	return m
}

// clone is a machine of its own in the same state, whose commands are yet to
// come.
func (m *machine) clone() *machine {
	c := *m
	c.colors = map[release.Color]*fakeColor{}
	for color, have := range m.colors {
		c.colors[color] = &fakeColor{slices.Clone(have.containers)}
	}
	c.images, c.unhealthy, c.specs = maps.Clone(m.images), maps.Clone(m.unhealthy), maps.Clone(m.specs)
	c.memory.Releases, c.deploys = slices.Clone(m.memory.Releases), slices.Clone(m.deploys)
	c.events, c.debris = slices.Clone(m.events), slices.Clone(m.debris)
	c.recording, c.deaths = false, nil
	return &c
}

// effect does something in parts, each of which is all there or not at all.
// It may fail, meet a Ctrl-C, or end for good after each of them.
func (m *machine) effect(ctx context.Context, part, name string, parts ...func()) error {
	m.events = append(m.events, name)
	m.lagging()
	for _, do := range parts {
		m.n++
		if m.strikes(part) && !m.fault.late {
			return m.fault.err
		}
		if m.n == m.cancelAt {
			m.cancel()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		do()
		m.check(name)
		m.changed()
		if m.strikes(part) {
			return m.fault.err
		}
	}
	return nil
}

// reload is what nginx does in its own time, with the files as they are then.
func (m *machine) reload() {
	m.pending, m.loaded = false, m.written != nil
	if m.loaded {
		m.applied, m.net = *m.written, m.writtenNet
	}
}

// changed is the moment after a change.
func (m *machine) changed() {
	if m.recording {
		m.deaths = append(m.deaths, m.clone())
	}
	if m.n == m.dieAt {
		panic(died{})
	}
}

// lagging lets happen by itself what others were told, once its time has come.
func (m *machine) lagging() {
	if m.lag--; m.lag >= 0 {
		return
	}
	for _, c := range m.colors {
		for i, have := range c.containers {
			c.containers[i].running, c.containers[i].ending = have.running && !have.ending, false
		}
	}
	if m.pending {
		m.reload()
	}
	if !m.loaded && m.written == nil {
		m.live = release.None // a down that was cut off has taken it out of nginx in the end
	}
	m.check("a moment")
}

// check holds the promise: what served when the command began is replaced only
// by something that serves, no dead color is routed to while the other lives,
// and nothing that must not runs twice. Where nothing served, the first to run is
// as good as any.
func (m *machine) check(name string) {
	broken := m.broken()
	m.amiss = m.amiss && broken != nil && broken.Error() == errDeadRouted.Error()
	if broken != nil && !m.amiss && m.violation == nil {
		m.violation = fmt.Errorf("after %s %w", name, broken)
	}
}

var errDeadRouted = errors.New("a dead color is routed to while the other lives")

func (m *machine) broken() error {
	switch routed := m.routed(); {
	case m.live != release.None && !m.gone && m.serving() == release.None:
		return errors.New("nothing serves")
	case m.colors[release.Blue].runs(beat) && m.colors[release.Green].runs(beat):
		return errors.New("two schedulers run")
	case m.live != release.None && m.loaded && !m.answers(routed) && m.answers(routed.Other()):
		return errDeadRouted
	case m.table != nil && m.table.Share(release.Blue)+m.table.Share(release.Green) != release.Buckets:
		return errors.New("shares don't add up")
	}
	for _, r := range m.memory.Releases {
		if r.Kept && !m.images[r.Number] && r.Number > m.wiped {
			return fmt.Errorf("history offers release %d, whose image is gone", r.Number)
		}
	}
	return nil
}

// routed is the color that the table sends clients to.
func (m *machine) routed() release.Color {
	if m.table != nil && m.table.Routes(release.Green) {
		return release.Green
	}
	return release.Blue
}

// answers reports whether nginx finds a running replica in the color for each
// route, where it looks for one.
func (m *machine) answers(c release.Color) bool {
	if m.shut == c {
		return false
	}
	shape := m.applied.ShapeIn(c)
	for _, r := range shape.Routes {
		svc, _ := shape.Service(r.To)
		found := slices.ContainsFunc(m.colors[c].containers, func(have fakeContainer) bool {
			return have.running && have.service == r.To && have.replica <= svc.Replicas && have.addr == m.net.Addr(release.Slot{Service: r.To, Color: c, Replica: have.replica})
		})
		if !found {
			return false
		}
	}
	return len(shape.Routes) > 0
}

// serving is the color that answers clients: the one routed to, or as its
// backup the other.
func (m *machine) serving() release.Color {
	if !m.loaded {
		return release.None
	}
	for _, c := range []release.Color{m.routed(), m.routed().Other()} {
		if m.answers(c) {
			return c
		}
	}
	return release.None
}

// lasting is the color that serves and is not about to end. One that a first
// deploy has begun to serve is none where a down has begun to take it away.
func (m *machine) lasting() release.Color {
	if m.written == nil && m.table == nil {
		return release.None
	}
	later := m.clone()
	for _, c := range later.colors {
		c.containers = slices.DeleteFunc(c.containers, func(f fakeContainer) bool { return f.ending })
	}
	return later.serving()
}
