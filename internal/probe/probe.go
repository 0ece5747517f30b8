// Package probe asks replicas whether they are ready and explains the one that
// is not.
//
// Invariant: a target passes only by its own good answers, in a row, given
// since the gate opened and at the address where nginx will ask it. Nothing
// remembered passes it: no state Docker keeps, no answer of an earlier run. A
// container that ends, restarts or is killed for memory fails the gate at
// once, even after its answers were good, as long as another one is waited for.
package probe

import (
	"context"
	"time"

	"teal/internal/release"
)

// Containers is what the gates need of the container engine. An error for a
// container that is gone satisfies errdefs.IsNotFound (containerd/errdefs), as
// the Docker client's errors do.
type Containers interface {
	Inspect(ctx context.Context, id string) (release.Container, error)
	// Exec runs the argument vector in the container and returns its exit
	// code and its output, both streams.
	Exec(ctx context.Context, id string, command []string) (int, string, error)
	// Tail returns the last lines of the container's log, oldest first.
	Tail(ctx context.Context, id string, lines int) ([]string, error)
}

// Prober opens health gates.
type Prober struct{ containers Containers }

// New returns a Prober that looks at containers through the engine.
func New(containers Containers) *Prober { return &Prober{containers} }

// sayEvery is the least time between two lines about what is waited for.
const sayEvery = 2 * time.Second

// Healthy waits, for all targets at once, until each gave Health.Answers good
// answers in a row. Else it returns a *release.Error with code Gate: What
// names the first target (in the order given) that failed, Detail holds the
// evidence, what the others are doing and the container's last log lines, and
// Next a hint made from the mistake. It returns ctx.Err() when ctx ends first.
func (p *Prober) Healthy(ctx context.Context, targets []release.Target, say func(release.EventType, string)) error {
	r := p.open(targets, time.Now())
	r.wait(ctx, say)
	if r.passed() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	failed, others := r.failures()
	err := p.explain(ctx, failed, others)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (p *Prober) open(targets []release.Target, now time.Time) *round {
	r := &round{news: make(chan news)}
	for _, t := range targets {
		r.gates = append(r.gates, newGate(p.containers, withDefaults(t), now))
	}
	return r
}

// withDefaults fills what a hand-made target leaves out, with the values
// teal.yaml has by default.
func withDefaults(t release.Target) release.Target {
	t.Health.Answers = max(t.Health.Answers, 1)
	if t.Health.Timeout <= 0 {
		t.Health.Timeout = time.Minute
	}
	if t.Health.Request <= 0 {
		t.Health.Request = 2 * time.Second
	}
	return t
}
