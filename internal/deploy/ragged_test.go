package deploy

import (
	"slices"
	"testing"

	"teal/internal/release"
)

// The color that nginx routes to lies stopped, as after a reboot, and the other
// answers for it without its scheduler, as a deploy that was cut off leaves it.
// A rollback to the release of the dead one fails somewhere, and its way back
// must not empty the only color that serves.
func TestAFailedRollbackToADeadColorKeepsTheOneThatAnswersForIt(t *testing.T) {
	a, start := with(release.StandbyCold), newMachine()
	for range 2 {
		if err := start.run(deployIt, a); err != nil {
			t.Fatal(err)
		}
	}
	routed := start.routed()
	back := start.colors[routed].release()
	for i := range start.colors[routed].containers {
		start.colors[routed].containers[i].running = false
	}
	other := start.colors[routed.Other()]
	for i := range other.containers {
		other.containers[i].running = true
	}
	other.containers = slices.DeleteFunc(other.containers, func(c fakeContainer) bool { return c.service == beat })
	if start.serving() != routed.Other() {
		t.Fatalf("%q serves: this shows nothing", start.serving())
	}
	failed := 0
	for at := 1; at < 60; at++ {
		for _, f := range ways(at) {
			m := start.clone()
			m.fault, m.fault.err = f, errInjected
			err := m.run(rollbackTo(back), a)
			if err != nil {
				failed++
			}
			if m.violation != nil || m.serving() == release.None {
				t.Fatalf("%+v: %v, %q serves: %v: %v", f, m.violation, m.serving(), err, m.events)
			}
		}
	}
	if failed == 0 {
		t.Error("none fails: this shows nothing")
	}
}
