package term

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// at makes an event some milliseconds past noon.
func at(ms int, ev release.Event) release.Event {
	ev.Time = noon.Add(time.Duration(ms) * time.Millisecond)
	ev.App = "voda"
	ev.Deploy = 7
	return ev
}

func step(n int, kind release.StepKind, subject, cause string) release.Event {
	return release.Event{
		Type: release.EventStep, Number: n, Of: 11,
		Step: &release.Step{Kind: kind, Subject: subject, Cause: cause},
	}
}

func end(ev release.Event, how release.EventType, took time.Duration) release.Event {
	ev.Type, ev.Took = how, took
	return ev
}

var (
	build   = step(1, release.StepBuild, "back", "Dockerfile changed")
	start   = step(4, release.StepStart, "green", "no release in green")
	healthy = step(5, release.StepHealthy, "green ≤60s", "3 answers in a row from each of 2 replicas")
)

// story is a deploy that builds, starts and never gets healthy.
func story() []release.Event {
	return []release.Event{
		at(0, release.Event{Type: release.EventBegin, Of: 11, Text: "deploy voda: release 42 in green, replacing 41"}),
		at(1, build),
		at(100, release.Event{Type: release.EventOutput, Text: "Step 1/2 : FROM scratch"}),
		at(200, release.Event{Type: release.EventOutput, Text: "\x1b[32mok\x1b[0m \x1b]0;owned\x07\r"}),
		at(3900, end(build, release.EventDone, 3900*time.Millisecond)),
		at(3901, start),
		at(4500, release.Event{Type: release.EventProgress, Text: "back-green-1 started"}),
		at(4700, end(start, release.EventDone, 799*time.Millisecond)),
		at(4701, release.Event{Type: release.EventNote, Text: "postgres runs with an older config than the compose file's"}),
		at(4702, healthy),
		at(5000, release.Event{Type: release.EventProgress, Text: "back-green-2: connection refused on 10.1.0.3:3000"}),
		at(64702, failed()),
		at(65000, release.Event{Type: release.EventReceipt, Receipt: failedReceipt(), Error: gateError()}),
	}
}

func failed() release.Event {
	ev := end(healthy, release.EventFailed, time.Minute)
	ev.Error = gateError()
	return ev
}

func gateError() *release.Error {
	return &release.Error{
		Code:   release.Gate,
		What:   "back-green-2 never got healthy in 60s: connection refused on 10.1.0.3:3000",
		Detail: []string{"listens on 127.0.0.1:3000 only", "starting up\n\x1b[31mcan't reach \x1b[2Jpostgres\x1b[0m"},
		State:  "blue is live with release 41, nothing has changed for clients",
		Next:   "bind 0.0.0.0 in the container, then: teal deploy",
		Err:    errors.New("connection refused on 10.1.0.3:3000"),
	}
}

func failedReceipt() *release.Receipt {
	return &release.Receipt{
		App: "voda", Kind: release.KindDeploy, Release: 42, Color: release.Green, Outcome: release.OutcomeFailed,
		Live: release.Blue, Started: noon, Took: 65 * time.Second,
		Witness: &release.Witnessed{Sent: 1300, Answered: 1300, P50: 800 * time.Microsecond, P99: 4 * time.Millisecond, Max: 31 * time.Millisecond},
	}
}
