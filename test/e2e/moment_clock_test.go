package e2e

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the journal's own driver
)

// What a machine looks like whose clock was set back a day, or on by one,
// between two commands: all that the journal remembers is of another time.
func TestScenarioAClockThatIsSetBackOrOnChangesNoRelease(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	for _, step := range []time.Duration{26 * time.Hour, -400 * 24 * time.Hour} {
		r := a.run(built.crash, []string{"VERSION=4", "TEAL_TEST_DIE_AT=12"}, "deploy")
		if r.code != -1 {
			t.Fatalf("it was not killed: %v", r)
		}
		a.moveTimes(step)
		before := a.status()
		a.must("rollback")
		if v := a.status(); v.Live == before.Live || v.Deploy != nil {
			t.Errorf("moved by %s: %s was live, a rollback made it %s", step, before.Live, v.Live)
		}
		a.serves(1) // release 2 was rolled back from, the second time
		a.mustDeploy(2)
		a.serves(2)
		a.converged(step.String())
	}
}

// moveTimes moves all that the journal remembers by d, as a clock that is set
// the other way does.
func (a *app) moveTimes(d time.Duration) {
	a.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(a.state, "teal.db"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	for _, move := range []string{
		"UPDATE releases SET created = created + ?",
		"UPDATE deploys SET started = started + ?1, ended = ended + ?1",
		"UPDATE steps SET began = began + ?1, ended = ended + ?1",
	} {
		if _, err := db.Exec(move, d.Nanoseconds()); err != nil {
			a.t.Fatal(err)
		}
	}
}
