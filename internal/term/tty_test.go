package term

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// show plays events on a screen of the width, a frame drawn after each, and
// returns the screen as it stood before each event that ended a step.
func show(t *testing.T, width, height int, s style, events []release.Event) string {
	t.Helper()
	scr := &screen{t: t, width: width}
	now := noon
	tty := newTTY(scr, func() (int, int) { return width, height }, func() time.Time { return now }, s)
	var b strings.Builder
	for _, ev := range events {
		now = ev.Time
		tty.tick()
		if ev.Type == release.EventDone || ev.Type == release.EventFailed {
			fmt.Fprintf(&b, "--- before %s of %s\n%s", ev.Type, ev.Step.Kind, scr)
		}
		tty.Event(ev)
	}
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String() + "--- at the end\n" + scr.String()
}

func TestATerminalShowsTheRunningStepBelowTheFinishedOnes(t *testing.T) {
	golden(t, "tty.txt", show(t, 100, 24, style{}, story()))
}

func TestANarrowTerminalNeverWrapsTheRegion(t *testing.T) {
	golden(t, "tty-narrow.txt", show(t, 40, 24, style{on: true}, story()))
}

func TestALowTerminalFoldsOutputToItsHeight(t *testing.T) {
	events := []release.Event{at(0, build)}
	for i := range 20 {
		events = append(events, at(i, release.Event{Type: release.EventOutput, Text: fmt.Sprintf("line %d", i)}))
	}
	golden(t, "tty-low.txt", show(t, 80, 4, style{}, append(events, at(100, end(build, release.EventDone, time.Second)))))
}

func TestAFailedBuildKeepsItsLastLinesOnTheScreen(t *testing.T) {
	events := []release.Event{at(0, build)}
	for i := range 9 {
		events = append(events, at(i, release.Event{Type: release.EventOutput, Text: fmt.Sprintf("line %d", i)}))
	}
	got := show(t, 80, 24, style{}, append(events, at(100, end(build, release.EventFailed, time.Second))))
	_, after, _ := strings.Cut(got, "--- at the end\n")
	for i := range 9 {
		if kept := strings.Contains(after, fmt.Sprintf("| line %d", i)); kept != (i >= 4) {
			t.Errorf("line %d kept: %v\n%s", i, kept, after)
		}
	}
}

func TestAStepCutByAnInterruptIsLeftAsNotFinished(t *testing.T) {
	got := show(t, 80, 24, style{}, []release.Event{at(0, start)})
	if !regexp.MustCompile(`\n-  4/11 start    green +not finished\n$`).MatchString(got) {
		t.Errorf("the screen ends with\n%s", got)
	}
}

func TestATerminalMadeNarrowerIsStillClearedWhole(t *testing.T) {
	width := 80
	scr := &screen{t: t}
	tty := newTTY(scr, func() (int, int) { return width, 24 }, func() time.Time { return noon }, style{})
	tty.Event(at(0, step(5, release.StepHealthy, "green", strings.Repeat("x", 200))))
	// The terminal wraps the 79 columns it shows into four rows of 20.
	width = 20
	whole := scr.rows[0]
	scr.rows, scr.row = nil, 0
	scr.width = width
	scr.print(whole)
	scr.row++
	tty.tick()
	if got := strings.Count(scr.String(), "healthy"); got != 1 {
		t.Errorf("the step stands %d times on the screen:\n%s", got, scr)
	}
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheAnimationEndsWithTheStream(t *testing.T) {
	scr := &screen{t: t, width: 80}
	tty := newTTY(scr, func() (int, int) { return 80, 24 }, time.Now, style{})
	ended := make(chan struct{})
	go func() { tty.animate(); close(ended) }()
	tty.Event(at(0, start))
	for range 2 {
		if err := tty.Close(); err != nil {
			t.Fatal(err)
		}
	}
	<-ended
}
