package term

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

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

// pulls is a step in which several things move, in their own time.
func pulls() []release.Event {
	events := []release.Event{at(0, step(1, release.StepPull, "back, web", "not on this machine"))}
	for i, text := range []string{
		"image shop/web:2 pulling", "image shop/back:2 pulling", "image shop/web:2 pulling 40 %",
		"image shop/back:2 pulled", "image shop/web:2 pulling 80 %", "container shop-green-back-1 starting", "back-green-2: connection refused on 10.1.0.3:3000",
	} {
		events = append(events, at(i+1, release.Event{Type: release.EventProgress, Text: text}))
	}
	return append(events, at(9, release.Event{Type: release.EventOutput, Text: "a line of output that is quite long, longer than narrow terminals are"}))
}

func TestEachImageAndReplicaKeepsItsLineWhileOthersMove(t *testing.T) {
	golden(t, "tty-moves.txt", show(t, 80, 24, style{}, append(pulls(), at(100, end(step(1, release.StepPull, "back, web", ""), release.EventDone, time.Second)))))
}

func TestANarrowTerminalShowsTheEndOfALongName(t *testing.T) {
	m := moves{}.told("container shop-green-web-green-1-1 starting").told("web-green-2: connection refused on 10.1.0.3:3000")
	want := []string{"…web-green-1-1 starting", "web-green-2: connection refused on 10.1.0.3:3000"}
	if diff := cmp.Diff(want, m.newest(6, 23)); diff != "" {
		t.Error(diff)
	}
}

// A screen as a narrow terminal has it: what is drawn again and again, and the
// lines of steps, fit. Titles, notes and receipts are told whole.
func TestNoLineOfAStepEverWraps(t *testing.T) {
	for width := 20; width <= 44; width++ {
		var longest int
		fits := writes(func(text string) {
			for line := range strings.Lines(text) {
				line = strings.TrimRight(ansi.Strip(line), "\n")
				longest = max(longest, ansi.StringWidth(line))
			}
		})
		tty := newTTY(fits, func() (int, int) { return width, 24 }, func() time.Time { return noon.Add(100 * time.Second) }, style{on: true})
		for _, ev := range append(pulls(), at(100, end(step(1, release.StepPull, "back, web", ""), release.EventDone, 100*time.Second)), at(101, healthy)) {
			tty.Event(ev)
			tty.tick()
		}
		if err := tty.Close(); err != nil {
			t.Fatal(err)
		}
		if longest >= width {
			t.Errorf("on %d columns a line has %d", width, longest)
		}
	}
}

type writes func(string)

func (w writes) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

func TestTheSizeIsTheTerminalsUnlessTheEnvironmentSaysLess(t *testing.T) {
	for _, c := range []struct {
		known int
		said  string
		want  int
	}{{100, "", 100}, {0, "", 80}, {0, "30", 30}, {100, "30", 30}, {20, "100", 20}, {100, "wide", 100}, {0, "-1", 80}} {
		t.Setenv("COLUMNS", c.said)
		if got := extent(c.known, "COLUMNS", 80); got != c.want {
			t.Errorf("a terminal of %d and COLUMNS=%s: %d, want %d", c.known, c.said, got, c.want)
		}
	}
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
	if got := strings.Count(scr.String(), "heal"); got != 1 {
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
