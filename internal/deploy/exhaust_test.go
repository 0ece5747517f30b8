package deploy

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"teal/internal/release"
)

// TestADeathAtAnyChangeOfAnyCommandIsMendedByTheNext lets each command of each
// scene die after each change that it makes to the machine, which is as good as
// before the next, then the command that follows, and looks at the promise
// after each change and at what is owed in the end.
func TestADeathAtAnyChangeOfAnyCommandIsMendedByTheNext(t *testing.T) {
	var deaths, pairs, runs atomic.Int64
	t.Run("scenes", func(t *testing.T) {
		for _, s := range scenes {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				start := s.machine(t)
				seen := map[string]bool{}
				for at, dead := range start.killed(s.do, s.app) {
					deaths.Add(1)
					c := kase{t, s, fmt.Sprintf("dead at %d", at+1), start, seen, &runs}
					c.held(dead)
					c.then(dead, commands...)
					pairs.Add(c.twice(dead))
				}
			})
		}
	})
	t.Logf("%d scenes: %d deaths, %d second deaths, %d commands after them", len(scenes), deaths.Load(), pairs.Load(), runs.Load())
}

// kase is one death of a scene's command.
type kase struct {
	*testing.T
	s     scene
	when  string
	start *machine
	seen  map[string]bool // states from which all that follows was looked at
	runs  *atomic.Int64
}

// twice lets the command that follows die as well, after each of its changes.
func (c kase) twice(dead *machine) (count int64) {
	key := "twice" + dead.fingerprint()
	if c.seen[key] {
		return 0
	}
	c.seen[key] = true
	for _, next := range commands {
		c.runs.Add(1)
		for at, again := range dead.killed(next, c.s.app) {
			c := c
			c.when = fmt.Sprintf("%s, its %s at %d", c.when, next.name, at+1)
			c.held(again)
			c.then(again, deployIt, abortIt)
			count++
		}
	}
	return count
}

// lags are after how many effects of the next command something happens that
// the dead one had begun.
func (m *machine) lags() []int {
	ending := m.pending
	for _, c := range m.colors {
		ending = ending || slices.ContainsFunc(c.containers, func(f fakeContainer) bool { return f.ending })
	}
	if !ending {
		return []int{0}
	}
	return []int{0, 1, 2, 3, 5, 8}
}

func (c kase) held(m *machine) {
	c.Helper()
	if m.violation != nil {
		c.Fatalf("%s: %v: %v", c.when, m.violation, m.events)
	}
}

// then runs each of the commands, and a deploy after it: what a command owes is
// there, and the next one finds nothing amiss. What is the same machine in all
// that matters is looked at once.
func (c kase) then(dead *machine, next ...typed) {
	c.Helper()
	for _, n := range next {
		key := n.name + dead.fingerprint()
		if c.seen[key] {
			continue
		}
		c.seen[key] = true
		for _, lag := range dead.lags() {
			c.one(dead, n, lag)
		}
	}
}

func (c kase) one(dead *machine, next typed, lag int) {
	c.Helper()
	m := dead.clone()
	m.lag, m.failing = lag, 0
	clear(m.unhealthy) // somebody has mended it
	when := fmt.Sprintf("%s, then %s (lag %d)", c.when, next.name, lag)
	err := m.run(next, c.s.app)
	c.runs.Add(1)
	m.lag = 0
	m.lagging() // nothing that is still to come may undo it
	if m.violation != nil {
		c.Fatalf("%s: %v: %v", when, m.violation, m.events)
	}
	if owed := c.owed(dead, m, next, err); owed != nil {
		c.Fatalf("%s: %v; it said %v, and did %v", when, owed, err, m.events)
	}
	key := "again" + m.fingerprint()
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	again := m.clone()
	err = again.run(deployIt, c.s.app)
	c.runs.Add(1)
	if err != nil || again.violation != nil || again.sound(c.s.app) != nil {
		c.Fatalf("%s, then deploy: %v, %v, %v: %v", when, err, again.violation, again.sound(c.s.app), again.events)
	}
}

// owed is what the command has not brought about that it should have.
func (c kase) owed(dead, m *machine, next typed, err error) error {
	if err != nil {
		return c.refused(dead, m, next, err)
	}
	if next.name == downIt.name {
		return m.empty()
	}
	if next.name == abortIt.name {
		return c.gaveBack(dead, m)
	}
	if err := m.sound(c.s.app); err != nil {
		return err
	}
	if again := m.clone(); release.CodeOf(again.run(abortIt, c.s.app)) != release.Invalid || len(again.events) > 0 {
		return fmt.Errorf("there is something to abort afterwards: %v", again.events)
	}
	return nil
}

// refused is for a command that ended with an error: it may say that there is
// nothing for it to do, and has done nothing.
func (c kase) refused(dead, m *machine, next typed, err error) error {
	if next.name == abortIt.name && strings.Contains(err.Error(), "are gone") && m.serving() == m.routed() {
		return told(err) // a down had let go of the images that the way back needs
	}
	if next.name == abortIt.name && dead.table == nil && release.CodeOf(err) == release.Gate {
		return told(err) // no release was live yet
	}
	if next.name == deployIt.name || next.name == downIt.name || release.CodeOf(err) != release.Invalid {
		return fmt.Errorf("%s fails", next.name)
	}
	if slices.ContainsFunc(m.events, func(e string) bool { return !strings.HasPrefix(e, "stop") }) { // it has ended a stop that was cut off
		return fmt.Errorf("%s refuses, and has done something", next.name)
	}
	u := (fakeJournal{dead}).unended()
	if next.name == abortIt.name && u != nil && u.Kind != release.KindDown && (u.Undoes == nil || u.Undoes.Kind != release.KindDown) {
		return fmt.Errorf("deploy %d was cut off, and abort refuses", u.ID)
	}
	return told(err)
}

// gaveBack is what an abort owes: what served before does again. A down that
// was cut off may have taken the app out of nginx before. Where all had stopped
// and a part of the release that was on its way is all there is, it goes on.
func (c kase) gaveBack(dead, m *machine) error {
	before := dead.clone()
	before.lag = 0
	before.lagging()
	switch serves := before.serving(); {
	case serves == release.None || before.table == nil || c.start.serving() == release.None:
		return nil
	case serves != before.routed() && m.serving() == m.routed():
		return nil
	case c.s.do.name == downIt.name && m.table == nil && !m.loaded && len(m.colors[release.Blue].containers)+len(m.colors[release.Green].containers) == 0:
		return nil // the down had taken all away that there was to go back to
	}
	return m.sound(c.s.app)
}

// empty is what a down owes.
func (m *machine) empty() error {
	left := []string{}
	for c, have := range m.colors {
		if len(have.containers) > 0 {
			left = append(left, string(c))
		}
	}
	if m.network || m.shared || m.loaded || m.written != nil || m.table != nil || m.watching || len(m.debris) > 0 || m.shut != release.None || len(m.memory.Releases) > 0 || len(m.images) > 0 {
		left = append(left, fmt.Sprintf("%+v", *m))
	}
	if len(left) > 0 {
		return fmt.Errorf("left: %s", strings.Join(left, ", "))
	}
	return nil
}

// told is what is missing in an error that a person reads.
func told(err error) error {
	e := asError(err)
	if e.State == "" || e.Next == "" || e.What == "" {
		return fmt.Errorf("the error lacks something: %+v", *e)
	}
	return nil
}
