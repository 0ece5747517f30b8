package deploy

import (
	"errors"
	"slices"
	"testing"

	"teal/internal/release"
)

func TestADownThatFailsTellsTheState(t *testing.T) {
	for _, tc := range []struct {
		at   string
		gone bool // Docker can't be asked afterwards
		want string
	}{
		{"unroute", false, "release 2 is live in green"},
		{"unroute", true, "not known: injected failure"},
		{"remove", false, "nothing of voda is live"},
		{"remove", true, "nothing of voda is live, some of its containers may be left"},
	} {
		if e := failedDown(t, tc.at, tc.gone); e.State != tc.want || e.Next == "" {
			t.Errorf("failed at %s, Docker gone %v: state %q, next %q", tc.at, tc.gone, e.State, e.Next)
		}
	}
}

// failedDown is the error of a down that fails at an effect.
func failedDown(t *testing.T, at string, gone bool) *release.Error {
	t.Helper()
	for n := range 20 {
		m := released(t, 2)
		if m.fault = (fault{at: n, part: map[string]string{"unroute": "nginx", "remove": "docker"}[at], err: errInjected}); gone {
			m.asked = 2
		}
		_, err := m.deployer().Down(t.Context(), app(), false)
		var e *release.Error
		if errors.As(err, &e) && slices.Index(m.events, at) == len(m.events)-1 {
			return e
		}
	}
	t.Fatalf("no down fails at %s", at)
	return nil
}

// Docker can't be asked from the beginning: a command that has only looked says
// that nothing is another than before.
func TestACommandThatCannotLookHasChangedNothing(t *testing.T) {
	for _, c := range commands {
		m := released(t, 2)
		m.asked = 1
		_, err := c.do(m.deployer(), t.Context(), app())
		var e *release.Error
		if !errors.As(err, &e) || e.State != "nothing was changed" || e.Next == "" || len(m.events) > 0 {
			t.Errorf("%s: %+v after %v", c.name, e, m.events)
		}
	}
}
