package term

import (
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

func deployed() release.Receipt {
	return release.Receipt{
		App: "voda", Kind: release.KindDeploy, Release: 42, Color: release.Green, Replaced: 41,
		Outcome: release.OutcomeDone, Live: release.Green, Took: 12345 * time.Millisecond, Switch: 3140 * time.Microsecond,
		Clients: &release.Traffic{Requests: 12345, Gone: 3},
		Witness: &release.Witnessed{Sent: 1204, Answered: 1204, P50: 1200 * time.Microsecond, P99: 8 * time.Millisecond, Max: 310 * time.Millisecond},
		Drained: &release.Drained{Color: release.Blue, Took: 800 * time.Millisecond, Began: 2},
	}
}

func lossy() release.Receipt {
	r := deployed()
	r.Kind, r.Release, r.Replaced, r.Live = release.KindRollback, 41, 42, release.Blue
	r.Clients = &release.Traffic{Requests: 1, Lost: 1, Errors: 1204, Failover: 2}
	r.Witness = &release.Witnessed{Sent: 10, Answered: 7, Reset: 2, Cut: 1, First: "12:00:01 post: reset\x1b[2J after 4 s"}
	r.Drained = &release.Drained{Color: release.Green, Took: 30 * time.Second, Began: 1, Cut: 1}
	return r
}

func TestAReceiptTellsItsProofInAFewAlignedLines(t *testing.T) {
	first := release.Receipt{App: "voda", Kind: release.KindDeploy, Release: 1, Outcome: release.OutcomeDone, Live: release.Blue, Took: time.Second}
	down := release.Receipt{App: "voda", Kind: release.KindDown, Outcome: release.OutcomeDone, Took: 4 * time.Second}
	stuck := release.Receipt{App: "voda", Kind: release.KindDown, Outcome: release.OutcomeFailed, Live: release.Blue, Took: 4 * time.Minute}
	undo := release.Receipt{App: "voda", Kind: release.KindUndo, Outcome: release.OutcomeDone, Live: release.Blue, Took: time.Second}
	var b strings.Builder
	for _, r := range []release.Receipt{first, deployed(), lossy(), *failedReceipt(), down, stuck, undo} {
		if err := Receipt(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "receipts.txt", b.String())
}

func TestColorsAreUsedForFiguresThatOughtToBeZero(t *testing.T) {
	if got := receiptText(lossy(), style{on: true}); !strings.Contains(got, "\x1b[31m1 lost\x1b[0m") {
		t.Errorf("a lost request isn't red: %q", got)
	}
	if got := receiptText(deployed(), style{on: true}); !strings.Contains(got, "\x1b[32m0 lost\x1b[0m") {
		t.Errorf("no lost request isn't green: %q", got)
	}
}
