package deploy

import (
	"context"
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
		if m.memory.Unended != nil || m.violation != nil {
			t.Fatalf("killed at %d: unended %+v, %v", at, m.memory.Unended, m.violation)
		}
		if release.CodeOf(err) == release.Invalid {
			continue // it died before it had begun, or after it had ended
		}
		if err != nil || m.serving() != release.Green || m.colors[release.Green].release != 2 {
			t.Fatalf("killed at %d: %v, %q serves %+v", at, err, m.serving(), m.colors[release.Green])
		}
		if m.colors[release.Blue].running || m.state(3) != release.StateUndone || m.state(2) != release.StateLive {
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
