package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"teal/internal/release"
)

func TestAnAbortTakesBackADeployKilledAnywhere(t *testing.T) {
	for at := 1; at <= countEffects(t, 2); at++ {
		m := released(t, 2)
		d := m.deployer()
		m.dieAt = at
		if !dies(func() { d.Deploy(context.Background(), app()) }) {
			t.Fatalf("it did not die at %d", at)
		}
		m.dieAt = 0
		_, err := m.deployer().Abort(t.Context(), app())
		if (fakeJournal{m}).unended() != nil || m.violation != nil {
			t.Fatalf("killed at %d: unended %+v, %v", at, fakeJournal{m}.unended(), m.violation)
		}
		if release.CodeOf(err) == release.Invalid {
			continue // it died before it had begun, or after it had ended
		}
		if err != nil || m.serving() != release.Green || m.colors[release.Green].release() != 2 {
			t.Fatalf("killed at %d: %v, %q serves %+v", at, err, m.serving(), m.colors[release.Green])
		}
		if m.colors[release.Blue].running() || m.state(3) != release.StateUndone || m.state(2) != release.StateLive {
			t.Fatalf("killed at %d: blue %+v, release 3 %s, release 2 %s", at, m.colors[release.Blue], m.state(3), m.state(2))
		}
	}
}

func TestNothingToAbortIsSaid(t *testing.T) {
	m := released(t, 1)
	if _, err := m.deployer().Abort(t.Context(), app()); release.CodeOf(err) != release.Invalid || len(m.events) > 0 {
		t.Errorf("got %v after %v", err, m.events)
	}
}

// Ctrl-C, a stop that takes its time, a second Ctrl-C: the way back is cut off
// too. An abort of it takes back the same deploy, not the other release.
func TestAnAbortOfAWayBackThatWasCutOffTakesBackTheSameDeploy(t *testing.T) {
	cases := 0
	for first := 1; first <= countEffects(t, 2); first++ {
		for second := 1; ; second++ {
			m := released(t, 2)
			d := m.deployer()
			m.dieAt = first
			dies(func() { d.Deploy(context.Background(), app()) })
			again := m.deployer()
			m.dieAt = second
			dead := dies(func() { again.Abort(context.Background(), app()) })
			m.dieAt = 0
			if !dead {
				break
			}
			cases++
			takenBack(t, m, fmt.Sprintf("killed at %d, its abort at %d", first, second))
		}
	}
	t.Logf("%d cases", cases)
}

func TestAnAbortOfAFailedDeploysUndoThatWasCutOffTakesBackTheDeploy(t *testing.T) {
	for at := 1; ; at++ {
		m := released(t, 2)
		m.unhealthy[3] = true
		d := m.deployer()
		m.dieAt = at
		if !dies(func() { d.Deploy(context.Background(), app()) }) {
			break
		}
		m.dieAt = 0
		takenBack(t, m, fmt.Sprintf("killed at %d", at))
	}
}

// takenBack aborts and checks that release 2 serves as it did, and that
// nothing of release 3 is left.
func takenBack(t *testing.T, m *machine, when string) {
	t.Helper()
	_, err := m.deployer().Abort(t.Context(), app())
	if code := release.CodeOf(err); err != nil && code != release.Invalid {
		t.Fatalf("%s: %v", when, err)
	}
	if u := (fakeJournal{m}).unended(); u != nil || m.violation != nil {
		t.Fatalf("%s: unended %+v, %v", when, u, m.violation)
	}
	if m.serving() != release.Green || m.colors[release.Green].release() != 2 || m.state(2) != release.StateLive {
		t.Fatalf("%s: %q serves %+v, release 2 is %s", when, m.serving(), m.colors[release.Green], m.state(2))
	}
	if blue := m.colors[release.Blue]; blue.running() || blue.release() == 3 {
		t.Fatalf("%s: blue %+v", when, blue)
	}
	if s := m.state(3); s != "" && s != release.StateUndone && s != release.StateFailed {
		t.Fatalf("%s: release 3 is %s", when, s)
	}
}

func TestADownThatWasCutOffIsNotAborted(t *testing.T) {
	for at := 1; ; at++ {
		m := released(t, 2)
		d := m.deployer()
		m.dieAt = at
		if !dies(func() { d.Down(context.Background(), app(), false) }) {
			return
		}
		m.dieAt, m.events = 0, nil
		_, err := m.deployer().Abort(t.Context(), app())
		var e *release.Error
		if !errors.As(err, &e) || e.Code != release.Invalid || e.State == "" || len(m.events) > 0 {
			t.Fatalf("killed at %d: %+v after %v", at, err, m.events)
		}
		if u := (fakeJournal{m}).unended(); u == nil {
			continue // it had ended
		}
		if !strings.Contains(e.Next, "teal down") {
			t.Fatalf("killed at %d: told %+v", at, e)
		}
		if _, err := m.deployer().Down(t.Context(), app(), false); err != nil || m.network || m.loaded {
			t.Fatalf("killed at %d, then down: %v, %+v", at, err, m)
		}
	}
}

func TestAnAbortOrADownThatIsInterruptedSaysWhereItStandsAndHowToGoOn(t *testing.T) {
	do := map[string]func(*Deployer, context.Context) (release.Receipt, error){
		"teal abort": func(d *Deployer, ctx context.Context) (release.Receipt, error) { return d.Abort(ctx, app()) },
		"teal down":  func(d *Deployer, ctx context.Context) (release.Receipt, error) { return d.Down(ctx, app(), false) },
	}
	for command, end := range do {
		interrupted := 0
		for at := 1; at < 40; at++ {
			m := released(t, 2)
			d := m.deployer()
			m.dieAt = countEffects(t, 2) - 4
			dies(func() { d.Deploy(context.Background(), app()) })
			m.dieAt = 0
			d = m.deployer()
			ctx, cancel := context.WithCancel(t.Context())
			m.cancelAt, m.cancel = at, cancel
			_, err := end(d, ctx)
			if err == nil {
				continue // no effect is that entry
			}
			interrupted++
			var e *release.Error
			if !errors.As(err, &e) || e.Code != release.Interrupted || e.State == "" || e.Next != command {
				t.Fatalf("%s, interrupted at %d: told %+v", command, at, err)
			}
		}
		if interrupted < 3 {
			t.Errorf("%s was interrupted %d times", command, interrupted)
		}
	}
}
