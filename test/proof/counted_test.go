package main

import (
	"errors"
	"io"
	"os/exec"
	"testing"
)

const crashOutput = `=== RUN   TestADeath
    exhaust_test.go:35: 23 scenes: 1197 deaths, 114044 second deaths, 87212 commands after them
    fault_test.go:61: 7182 faults
    history_test.go:47: 11000 commands
--- PASS: TestADeath (1.00s)
    power_test.go:211: 15 and 6 changes of the disk, 120 power cuts
    power_test.go:262: 80 power cuts
`

func TestCasesAreCountedByWhatTheTestsPrint(t *testing.T) {
	for k, want := range map[*counted]int{&ofDeaths: 1197, &ofSecond: 114044, &ofFaults: 7182, &ofRandom: 11000, &ofCuts: 200} {
		if got := k.in(crashOutput); got != want {
			t.Errorf("%d %s, want %d", got, k.name, want)
		}
	}
}

func TestARunThatCountsNothingOrFailsIsNoProof(t *testing.T) {
	for name, tc := range map[string]struct {
		out    string
		err    error
		broken bool
		ended  bool
	}{
		"counted":            {out: crashOutput},
		"nothing counted":    {out: "ok", broken: true},
		"counted and failed": {out: crashOutput, err: &exec.ExitError{}, broken: true},
		"not run":            {out: crashOutput, err: errors.New("no go"), ended: true},
	} {
		p := proof{out: io.Discard}
		err := p.count("crash", []counted{ofDeaths, ofCuts}, tc.out, tc.err)
		if bad := p.table[0].bad(); bad != "" != tc.broken || (err != nil) != tc.ended {
			t.Errorf("%s: %q, %v", name, bad, err)
		}
	}
}
