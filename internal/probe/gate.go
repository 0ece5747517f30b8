package probe

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"teal/internal/release"
)

// state is where a gate stands.
type state int

const (
	waits   state = iota // not enough good answers yet
	ready                // passed
	late                 // its time is over
	barred               // its check can't be made at all: final
	died                 // its container ended: final
	stopped              // another gate failed, or the caller gave up
)

// gate is the wait for one target.
type gate struct {
	containers Containers
	target     release.Target
	question   question
	opened     time.Time
	passedAt   time.Time
	state      state                  // owned by round.wait
	last       atomic.Pointer[answer] // nil until the first one
	obituary   obituary               // set by watch before it tells of the death
	nudge      chan struct{}          // asks watch to look at the container now
}

func newGate(c Containers, t release.Target, now time.Time) *gate {
	return &gate{
		containers: c, target: t, question: questionFor(c, t), opened: now,
		nudge: make(chan struct{}, 1),
	}
}

// enter moves the gate to a state; death is final.
func (g *gate) enter(s state) {
	if g.state == died {
		return
	}
	g.state = s
}

func (g *gate) name() string { return g.target.Slot.String() }

// spacing is the pause between good answers: the row is wanted fast.
const spacing = 10 * time.Millisecond

// ask repeats the question until the gate is ready, late or stopped. All
// gates of a round that have the same limit have the same deadline, so which
// of them counts as late doesn't depend on the scheduler.
func (g *gate) ask(ctx context.Context) state {
	deadline := g.opened.Add(g.target.Health.Timeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	for row := 0; ; {
		asked := time.Now()
		a := g.question.ask(ctx)
		// A connection's own timer may see the deadline before ctx's does.
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			return g.end(deadline)
		}
		g.note(a)
		if a.fault == unaskable {
			return barred
		}
		if row++; !a.good {
			row = 0
		}
		if row >= g.question.answers() {
			g.passedAt = time.Now()
			return ready
		}
		if !pause(ctx, g.pace(a, time.Since(asked))) {
			return g.end(deadline)
		}
	}
}

// end tells a gate that ran out of time from one that was stopped. The answer
// that the end itself cut short is not evidence and is not kept.
func (g *gate) end(deadline time.Time) state {
	if time.Now().Before(deadline) {
		return stopped
	}
	return late
}

func (g *gate) pace(a answer, took time.Duration) time.Duration {
	if a.good {
		return spacing
	}
	return g.question.pace(took)
}

// note keeps the answer as the latest and has the container looked at when
// the connection began to fail, since that is how a death shows first.
func (g *gate) note(a answer) {
	before := g.last.Swap(&a)
	if !a.fault.disconnected() || (before != nil && before.fault == a.fault) {
		return
	}
	select {
	case g.nudge <- struct{}{}:
	default:
	}
}

// latest is the last answer, or one that says there was none.
func (g *gate) latest() answer {
	if a := g.last.Load(); a != nil {
		return *a
	}
	return answer{fault: silent, text: g.question.subject() + " has not answered yet"}
}

func (g *gate) readyLine() string {
	n, word := g.question.answers(), "answers"
	if n == 1 {
		word = "answer"
	}
	return fmt.Sprintf("%s ready (%d %s, %s)", g.name(), n, word, seconds(g.passedAt.Sub(g.opened)))
}

func (g *gate) waitingLine() string { return g.name() + ": " + g.latest().text }

// pause waits for d and reports whether ctx is still going on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// seconds prints a duration that was measured: 0.4 s.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// limit prints a duration that was configured, as teal.yaml writes it: 60s,
// 2m30s.
func limit(d time.Duration) string {
	if d < 2*time.Minute && d%time.Second == 0 {
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	return s
}
