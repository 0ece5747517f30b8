package site

import (
	"context"
	"math/rand/v2"
	"time"

	"teal/internal/release"
)

// Deployed is one release, and when its application got ready.
type Deployed struct {
	Story Story
	ready time.Time
}

// Deploy releases a new version, which takes a random moment to get ready: so
// readiness falls anywhere between two questions of the gate.
func (s *Site) Deploy(ctx context.Context) (Deployed, error) {
	after := 200*time.Millisecond + rand.N(200*time.Millisecond)
	t, err := s.carryOut(ctx, []string{"READY_AFTER=" + after.String()}, "deploy")
	if err != nil {
		return Deployed{}, err
	}
	ready, err := s.ready(ctx)
	return Deployed{t, ready}, err
}

// Overhead is what remains of the process's time when what isn't teal's is
// taken off: Docker's create and start, the application's own start, the
// drain. Nothing is built nor pulled. Docker's stop and removal of the old
// color, and all questions to Docker, stay in it.
func (d Deployed) Overhead() time.Duration {
	return d.Story.Took() - d.Created() - d.Started() - d.Drained()
}

// Took is the whole deploy.
func (d Deployed) Took() time.Duration { return d.Story.Took() }

// Created is Docker's create, connect and start of containers.
func (d Deployed) Created() time.Duration { return busy(d.Story.engine, creates) }

// Changed is what else Docker changed: it stopped and removed.
func (d Deployed) Changed() time.Duration { return busy(d.Story.engine, changes) }

// Asked is how long Docker answered questions.
func (d Deployed) Asked() time.Duration { return busy(d.Story.engine, reads) }

// Rest is the overhead without what Docker changed.
func (d Deployed) Rest() time.Duration { return d.Overhead() - d.Changed() }

// Started is how long the application took after Docker had started it.
func (d Deployed) Started() time.Duration {
	return max(0, d.ready.Sub(lastEnd(d.Story.engine, starts)))
}

// Drained is how long the drain took.
func (d Deployed) Drained() time.Duration {
	_, took := d.Story.done(release.StepDrain)
	return took
}

// Noticed is how long the gate took from the moment of readiness on. A gate
// that opens later is not to blame for what went before.
func (d Deployed) Noticed() time.Duration {
	passed, took := d.Story.done(release.StepHealthy)
	return passed.Sub(latest(d.ready, passed.Add(-took)))
}

// Switched is from the decision to nginx's confirmation.
func (d Deployed) Switched() time.Duration { return d.Story.Receipt.Switch }

// Parts explain the overhead: what a deploy's time is made of, in the order in
// which it is taken off. Questions to Docker partly overlap with what else is
// done.
var Parts = []struct {
	Name string
	Of   func(Deployed) time.Duration
}{
	{"the whole deploy", Deployed.Took},
	{"less Docker's create, connect, start", Deployed.Created},
	{"less the application's own start", Deployed.Started},
	{"less the drain", Deployed.Drained},
	{"in it: Docker stops the old color, removes the one before", Deployed.Changed},
	{"in it: all but that", Deployed.Rest},
	{"in it: Docker answers questions", Deployed.Asked},
}
