package deploy

import (
	"context"

	"teal/internal/release"
)

// Say receives a line of progress or output while a step runs.
type Say = func(release.EventType, string)

// Runtime is the container engine, as a deploy needs it. Every method is
// idempotent: called again after a crash it converges.
type Runtime interface {
	// Observe asks Docker once about the app's containers and network.
	Observe(ctx context.Context, app release.App) (release.Engine, error)
	// Load reads the compose files and refuses what can't be colored.
	Load(ctx context.Context, app release.App) (release.Project, error)
	// Prepare renders the release's models for both colors.
	Prepare(ctx context.Context, app release.App, number int, net release.Network) (release.Spec, error)
	Build(ctx context.Context, app release.App, spec release.Spec, services []string, say Say) error
	Pull(ctx context.Context, app release.App, spec release.Spec, services []string, say Say) error
	// Pin resolves each colored service's image to its ID, tags it for the
	// release, holds it against the engine's own pruning, with the images of
	// earlier releases that are not held any more, and returns the spec with
	// both filled in.
	Pin(ctx context.Context, app release.App, spec release.Spec, earlier []release.Release) (release.Spec, error)
	// Present fails with code Gate unless the images of the release, once
	// pinned, are still on the engine.
	Present(ctx context.Context, app release.App, spec release.Spec) error
	Network(ctx context.Context, app release.App, net release.Network) error
	// Shared makes the shared services run: created where missing, started
	// where stopped, never recreated.
	Shared(ctx context.Context, app release.App, spec release.Spec, say Say) error
	// Once runs the release command in the new release's image, with the
	// shared network, and waits for its end. Its output goes to say.
	Once(ctx context.Context, app release.App, spec release.Spec, color release.Color, command release.Command, say Say) error
	// Start creates and starts the release in the color; with services named,
	// only those. What is there already is left as it is.
	Start(ctx context.Context, app release.App, spec release.Spec, color release.Color, say Say, services ...string) error
	// Resume starts the containers that lie stopped in the color.
	Resume(ctx context.Context, app release.App, spec release.Spec, color release.Color, say Say, services ...string) error
	// Stop stops the color's containers and keeps them; with services named,
	// only those.
	Stop(ctx context.Context, app release.App, color release.Color, services ...string) error
	// Clear removes the color's containers and its private network.
	Clear(ctx context.Context, app release.App, color release.Color) error
	// Vacate is Clear for a release that is started there next, which takes
	// the network over.
	Vacate(ctx context.Context, app release.App, color release.Color) error
	// Tail returns the last lines of the color's logs, each prefixed with its
	// container's short name.
	Tail(ctx context.Context, app release.App, color release.Color, lines int) ([]string, error)
	// Remove takes the app away whole.
	Remove(ctx context.Context, app release.App, volumes bool, say Say) error
	// Prune lets go of the images of all releases but those given.
	Prune(ctx context.Context, app release.App, keep []int) error
}

// Router is the chain of proxies in front of the app, and the table they
// route by.
type Router interface {
	// Observe asks each proxy what it serves. net may be zero before the
	// first deploy, then no generation is wanted yet.
	Observe(ctx context.Context, app release.App, net release.Network) (release.Routing, error)
	// Tidy takes away what a killed teal has left (release.Routing.Leftovers).
	Tidy(ctx context.Context, app release.App) error
	// Up makes teal's own nginx run where the app uses it.
	Up(ctx context.Context, app release.App) error
	// Apply writes the app's config into each proxy, tests it, reloads and
	// waits until the proxy answers the new generation. On failure the files
	// are as they were.
	Apply(ctx context.Context, app release.App, net release.Network) error
	// Shift makes the table the live one by one rename.
	Shift(ctx context.Context, app release.App, table release.Table) error
	// Confirm waits until every proxy answers that it sees the table.
	Confirm(ctx context.Context, app release.App, table release.Table) error
	// Drain waits until no connection leads from a proxy to the color, or the
	// limits pass.
	Drain(ctx context.Context, app release.App, net release.Network, color release.Color, limits release.DrainLimits, say Say) (release.Drained, error)
	// Shut keeps new connections from the color, which is drained and about to
	// be stopped, where the proxy is one for which that can be done.
	Shut(ctx context.Context, app release.App, net release.Network, color release.Color) error
	// Reopen takes back what Shut has done to either color.
	Reopen(ctx context.Context, app release.App, net release.Network) error
	// Watch switches the traffic log of the app on or off.
	Watch(ctx context.Context, app release.App, on bool) error
	// Front is where a client of this machine meets the app: at the outermost
	// proxy, over TLS where plain HTTP only leads there.
	Front(ctx context.Context, app release.App) (release.Front, error)
	// Traffic reads what the log saw since it was switched on.
	Traffic(ctx context.Context, app release.App, net release.Network) (release.Traffic, error)
	// Remove takes the app out of each proxy.
	Remove(ctx context.Context, app release.App) error
}

// Prober asks replicas whether they are ready.
type Prober interface {
	// Healthy returns nil once each target gave its answers in a row, or a
	// *release.Error with code Gate that explains the first target that did
	// not.
	Healthy(ctx context.Context, targets []release.Target, say Say) error
}

// Witness is an outside client that runs during a deploy.
type Witness interface {
	// Begin starts the client at the app's front; the returned function stops
	// it and tells what it saw.
	Begin(ctx context.Context, app release.App, front release.Front) (end func() release.Witnessed, err error)
}

// Journal remembers. Each method is durable when it returns.
type Journal interface {
	// Lock takes the app's lock or fails with a *release.Error with code
	// Locked that names the holder, since when, and the step it is at.
	Lock(app string) (unlock func() error, err error)
	// Memory is what is known of the app.
	Memory(app string) (release.Memory, error)
	// SaveNetwork keeps the app's subnet and slot addresses.
	SaveNetwork(app string, net release.Network) error
	// Begin opens a deploy and keeps its plan. For a KindDeploy it also
	// creates the release in StateStarting.
	Begin(d release.Deploy, rel *release.Release, steps []release.Step) (id int64, err error)
	// SaveSpec keeps the spec of a release and its images.
	SaveSpec(spec release.Spec) error
	Spec(app string, number int) (release.Spec, error)
	// Intent is written before a step's effect, Result after it.
	Intent(deploy int64, n int, step release.Step) error
	Result(deploy int64, n int, failure string) error
	// SetState moves a release in its life. Making one live turns the one
	// that was live into replaced, or withdrawn where it is the newer one.
	SetState(app string, number int, state release.State, color release.Color, reason string) error
	// Restore puts a release into a journal that has lost it.
	Restore(r release.Release) error
	// Prune drops the specs of all releases of the app but those kept; the
	// history keeps their rows.
	Prune(app string, keep []int) error
	End(deploy int64, outcome release.Outcome, receipt *release.Receipt) error
	// Forget drops all that is known of an app.
	Forget(app string) error
}
