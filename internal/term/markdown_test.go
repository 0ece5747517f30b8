package term

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

func summary(t *testing.T, r *release.Receipt, e *release.Error) string {
	t.Helper()
	var b strings.Builder
	if err := Markdown(&b, r, e); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestASummaryTellsTheOutcomeTheProofAndTheNextCommand(t *testing.T) {
	done, failed := deployed(), *failedReceipt()
	done.Steps = []release.StepTook{{Kind: release.StepStart, Took: time.Second}, {Kind: release.StepShift, Took: 3 * time.Millisecond}}
	done.Notified = []release.Notified{{Target: "slack", Error: "started: it refuses the connection"}, {Target: "webhook", OK: true}}
	locked := &release.Error{Code: release.Locked, What: "voda is being deployed by me@here since 12:00", Next: "wait, or teal abort"}
	golden(t, "summary.md", summary(t, &done, nil)+summary(t, &failed, gateError())+summary(t, nil, locked))
}

func TestNothingFromOutsideIsMarkupInASummary(t *testing.T) {
	evil := "![x](https://evil.example/a.png) <img src=x> @everyone | a | `b` www.evil.example *c*\x1b[2J"
	r := deployed()
	r.Witness.Failed, r.Witness.First = 1, evil
	text := summary(t, &r, &release.Error{What: evil, State: evil, Next: evil, Detail: []string{evil, "````", "```"}})
	outside, inside, fenced := strings.Builder{}, strings.Builder{}, false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "`````") {
			fenced = !fenced
			continue
		}
		if fenced {
			inside.WriteString(line)
		} else {
			outside.WriteString(line)
		}
	}
	if fenced || !strings.Contains(inside.String(), "```\n") {
		t.Errorf("the evidence does not stand in a fence of its own:\n%s", text)
	}
	rest := strings.NewReplacer("<details><summary>", "", "</summary>", "", "</details>", "").Replace(outside.String())
	if found := regexp.MustCompile("[^\\\\]!?\\[|<|@|://|www\\.|[^\\\\]`|[^\\\\*|\n ]\\*c").FindString(rest); found != "" {
		t.Errorf("%q is markup in\n%s", found, rest)
	}
	if strings.ContainsRune(text, '\x1b') {
		t.Error("it holds a control character")
	}
}
