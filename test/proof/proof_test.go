package main

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"teal/test/load"
)

// lines passes a story on to the test's log.
type lines struct{ t *testing.T }

func (l lines) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(b), "\n"))
	return len(b), nil
}

func TestNothingIsLostUnderLoadAndTheControlsLose(t *testing.T) {
	program := filepath.Join(t.TempDir(), "teal")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "teal/cmd/teal").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := proof{seed: rand.Uint64(), teal: program, size: brief, out: lines{t}}
	if err := p.run(t.Context()); err != nil {
		t.Error(err)
	}
}

// saw is a report of so many requests with that outcome.
func saw(o load.Outcome, n int) load.Report {
	return load.Report{Kinds: map[load.Kind]load.Counts{load.Post: {o: n}}}
}

func TestTheVerdictIsThatOfEveryRow(t *testing.T) {
	wanted := size{allSwitches: 10, allRequests: 100, allFaults: 3, kills: 2}
	mortal := row{Name: "mortal", Faults: 2, Kills: 2}
	struck := row{Name: "struck", Faults: 1, Cost: 2, report: saw(load.Reset, 2), audit: load.Audit{Unanswered: 1}}
	costly := row{Name: "costly", Faults: 1, Cost: 2, report: saw(load.Reset, 3)}
	forgetful := row{Name: "forgetful", Faults: 1, Cost: 2, audit: load.Audit{Lost: 1}}
	good := row{Name: "good", Switches: 10, report: saw(load.Answered, 100)}
	control := row{Name: "control", Control: true, report: saw(load.Reset, 1)}
	blind := row{Name: "blind", Control: true, report: saw(load.Answered, 1)}
	lossy := row{Name: "lossy", report: saw(load.Reset, 1)}
	doubled := row{Name: "doubled", audit: load.Audit{Doubled: 1}}
	silent := row{Name: "silent", audit: load.Audit{Unanswered: 1}}
	broken := row{Name: "broken", Broken: "the receipt lies"}
	parted := row{Name: "parted", Cut: 2, report: saw(load.Cut, 2)}
	for _, tc := range []struct {
		name   string
		table  table
		faults int
	}{
		{"all is well", table{good, parted, control, control, control}, 0},
		{"a request was lost", table{good, lossy, control, control, control}, 1},
		{"a request was done twice", table{good, doubled, control, control, control}, 1},
		{"a request was done and not answered", table{good, silent, control, control, control}, 1},
		{"the receipt is wrong", table{good, broken, control, control, control}, 1},
		{"a control lost nothing", table{good, control, control, control, blind}, 1},
		{"a control is missing", table{good, control, control}, 1},
		{"too little was done", table{control, control, control}, 1},
		{"a fault cost more than it must", table{good, costly, control, control, control}, 1},
		{"a fault lost what was answered", table{good, forgetful, control, control, control}, 1},
		{"controls' losses are no requests of teal's", table{lossy, control, control, control}, 2},
	} {
		if faults := append(tc.table, mortal, struck).verdict(wanted); len(faults) != tc.faults {
			t.Errorf("%s: %q", tc.name, faults)
		}
	}
}

func TestTheVerdictMissesFaultsThatDidNotHappenOrWereNotSurvived(t *testing.T) {
	wanted := size{allFaults: 3, kills: 2}
	control := row{Name: "control", Control: true, report: saw(load.Reset, 1)}
	mortal, struck := row{Name: "mortal", Faults: 2, Kills: 2}, row{Name: "struck", Faults: 1}
	harmed := row{Name: "harmed", Faults: 1, Broken: "a container that nobody wants"}
	unkilled := row{Name: "unkilled", Faults: 2}
	for _, tc := range []struct {
		name   string
		table  table
		faults int
	}{
		{"all is well", table{mortal, struck}, 0},
		{"a fault too few", table{mortal}, 1},
		{"faults, but too few kills", table{unkilled, struck}, 1},
		{"one that was not survived", table{mortal, harmed}, 2},
	} {
		if faults := append(tc.table, control, control, control).verdict(wanted); len(faults) != tc.faults {
			t.Errorf("%s: %q", tc.name, faults)
		}
	}
}
