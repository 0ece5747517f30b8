package main

import (
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
	p := proof{teal: program, size: brief, out: lines{t}}
	if err := p.run(t.Context()); err != nil {
		t.Error(err)
	}
}

// saw is a report of so many requests with that outcome.
func saw(o load.Outcome, n int) load.Report {
	return load.Report{Kinds: map[load.Kind]load.Counts{load.Post: {o: n}}}
}

func TestTheVerdictIsThatOfEveryRow(t *testing.T) {
	wanted := size{allSwitches: 10, allRequests: 100}
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
		{"controls' losses are no requests of teal's", table{lossy, control, control, control}, 2},
	} {
		if faults := tc.table.verdict(wanted); len(faults) != tc.faults {
			t.Errorf("%s: %q", tc.name, faults)
		}
	}
}
