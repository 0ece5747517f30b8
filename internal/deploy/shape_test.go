package deploy

import (
	"errors"
	"slices"
	"testing"

	"teal/internal/release"
)

// renamed is the app with its one service under another name.
func renamed() release.App {
	a := app()
	a.Services[0].Name, a.Routes[0].To = "site", "site"
	return a
}

// inBlue is the service that nginx was told to look for in blue.
func (m *machine) inBlue() string { return m.applied.ShapeIn(release.Blue).Services[0].Name }

func TestTheLiveColorKeepsItsShapeWhileTheNextReleaseHasAnother(t *testing.T) {
	m := released(t, 1)
	if _, err := m.deployer().Deploy(t.Context(), renamed()); err != nil {
		t.Fatal(err)
	}
	if green := m.applied.ShapeIn(release.Green).Services[0].Name; m.inBlue() != "web" || green != "site" {
		t.Errorf("nginx looks for %s in blue and %s in green", m.inBlue(), green)
	}
	if _, err := m.deployer().Deploy(t.Context(), renamed()); err != nil {
		t.Fatal(err)
	}
	if m.inBlue() != "site" {
		t.Errorf("release 3 is in blue, and nginx looks for %s there", m.inBlue())
	}
}

func TestARollbackFindsBothColorsInTheirShapes(t *testing.T) {
	m := released(t, 1)
	if _, err := m.deployer().Deploy(t.Context(), renamed()); err != nil {
		t.Fatal(err)
	}
	m.events = nil
	if _, err := m.deployer().Rollback(t.Context(), renamed(), 0); err != nil {
		t.Fatal(err)
	}
	if m.inBlue() != "web" || m.applied.ShapeIn(release.Green).Services[0].Name != "site" || slices.Contains(m.events, "route") {
		t.Errorf("%v, with %+v", m.events, m.applied)
	}
}

func TestAPlanIsShownAsItWouldBeRun(t *testing.T) {
	m := released(t, 1)
	p, err := m.deployer().Plan(t.Context(), renamed())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.deployer().Deploy(t.Context(), renamed()); err != nil {
		t.Fatal(err)
	}
	routes := slices.ContainsFunc(p.Steps, func(s release.Step) bool { return s.Kind == release.StepRoute })
	if !routes || !slices.Contains(m.events, "route") {
		t.Errorf("planned %v, did %v", p.Steps, m.events)
	}
}

// A renamed service that was brought up, and nothing more, is no sign that the
// release which has the clients has lost a service.
func TestADeployKilledAfterANewShapeWasStartedLeavesTheOldOneLive(t *testing.T) {
	for dieAt := 1; ; dieAt++ {
		m := released(t, 1)
		if !m.dies(deployIt, renamed(), dieAt) {
			return
		}
		before := m.table.Name()
		o, err := m.deployer().Observe(t.Context(), renamed())
		if err != nil || string(o.Live()) != before {
			t.Fatalf("killed at %d: %q is live, the table says %s (%v)", dieAt, o.Live(), before, err)
		}
		if _, err := m.deployer().Deploy(t.Context(), renamed()); err != nil || m.violation != nil {
			t.Fatalf("killed at %d: %v", dieAt, errors.Join(err, m.violation))
		}
	}
}
