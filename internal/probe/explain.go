package probe

import (
	"context"
	"fmt"
	"time"

	"teal/internal/release"
)

// explainLimit bounds the search for evidence after a gate failed, and
// tailLines is how much of the log a person is shown.
const (
	explainLimit = 5 * time.Second
	tailLines    = 20
)

// explain makes the error of a failed round: the failed gate's story, one
// line for each other that isn't ready, then the container's last log lines.
func (p *Prober) explain(ctx context.Context, g *gate, others []*gate) *release.Error {
	ctx, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	e := &release.Error{Code: release.Gate}
	e.What, e.Detail, e.Next = p.story(ctx, g)
	for _, o := range others {
		e.Detail = append(e.Detail, otherLine(o))
	}
	e.Detail = append(e.Detail, p.lastLines(ctx, g)...)
	return e
}

func (p *Prober) story(ctx context.Context, g *gate) (what string, detail []string, next string) {
	service := g.target.Slot.Service
	if g.state == died {
		return p.settled(ctx, g.obituary).tell(g.name(), service)
	}
	a := g.latest()
	what = fmt.Sprintf("%s never got healthy in %s: %s", g.name(), limit(g.target.Health.Timeout), a.text)
	if g.state == barred {
		what = fmt.Sprintf("%s can't be asked for its health: %s", g.name(), a.text)
	}
	if a.good {
		what = fmt.Sprintf("%s gave good answers, but not %d in a row in %s",
			g.name(), g.question.answers(), limit(g.target.Health.Timeout))
	}
	detail, next = p.evidence(ctx, g, a)
	return what, detail, next
}

// flagDelay is how much later than the exit Docker's out-of-memory flag may
// come: containerd reports the two as separate events.
const flagDelay = 150 * time.Millisecond

// settled looks again at a container that SIGKILL ended: whether it was for
// memory may not have been known at once.
func (p *Prober) settled(ctx context.Context, o obituary) obituary {
	c := o.container
	if o.cause != exited || c.ExitCode != 137 {
		return o
	}
	if kernelKilled(c.ID, c.Started) {
		return obituary{killedOOM, c}
	}
	pause(ctx, flagDelay)
	if c, err := p.containers.Inspect(ctx, c.ID); err == nil && c.OOM {
		return obituary{killedOOM, c}
	}
	return o
}

func otherLine(g *gate) string {
	if g.state == died {
		what, _, _ := g.obituary.tell(g.name(), g.target.Slot.Service)
		return what
	}
	return g.name() + " is not ready either: " + g.latest().text
}

// lastLines is the end of the container's log, which the person asked to see
// by deploying it; nothing where the log can't be read.
func (p *Prober) lastLines(ctx context.Context, g *gate) []string {
	if g.target.Container.ID == "" {
		return nil
	}
	tail, err := p.containers.Tail(ctx, g.target.Container.ID, tailLines)
	if err != nil {
		return nil
	}
	if len(tail) == 0 {
		return []string{g.name() + " logged nothing"}
	}
	lines := []string{"last log lines of " + g.name() + ":"}
	for _, l := range tail[max(0, len(tail)-tailLines):] {
		lines = append(lines, "  "+printable(l, logLine))
	}
	return lines
}
