package probe

import (
	"context"
	"time"

	"github.com/containerd/errdefs"

	"teal/internal/release"
)

// watchEvery is how often a container's state is looked at without a nudge.
const watchEvery = 200 * time.Millisecond

// obituary is how a container ended.
type obituary struct {
	cause     cause
	container release.Container
}

type cause string

const (
	alive     cause = ""
	missing   cause = "missing" // there was none to begin with
	gone      cause = "gone"
	exited    cause = "exited"
	killedOOM cause = "oom"
	restarts  cause = "restarts"
)

// watch looks at the container until ctx ends (false) or the container does
// (true, with the obituary written). A target that has none is lost from the
// start, whatever may answer at its address.
func (g *gate) watch(ctx context.Context) bool {
	id := g.target.Container.ID
	if id == "" {
		g.obituary = obituary{cause: missing}
		return true
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		c, err := g.containers.Inspect(ctx, id)
		if ctx.Err() != nil {
			return false
		}
		if cause := causeOf(c, err, g.target.Container); cause != alive {
			g.obituary = obituary{cause, c}
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-g.nudge:
		case <-tick.C:
		}
	}
}

// causeOf judges what the engine says of a container against what it said
// when the target was made: a warm standby that crashed once last week, and
// recovered, isn't in a restart loop now. An engine that can't answer is no
// death; the gate goes on by its answers alone.
func causeOf(c release.Container, err error, before release.Container) cause {
	if errdefs.IsNotFound(err) {
		return gone
	}
	switch {
	case err != nil:
		return alive
	case c.OOM && !(c.Running && before.OOM):
		return killedOOM
	case c.Status == "restarting", c.Restarts > before.Restarts:
		return restarts
	case c.Status == "removing":
		return gone
	case c.Status == "exited", c.Status == "dead":
		return exited
	}
	return alive
}
