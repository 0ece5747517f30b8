package plan

import (
	"fmt"
	"slices"
	"strings"

	"teal/internal/release"
)

// builder collects the steps of one plan. Its verbs are the phrases a plan is
// told in.
type builder struct {
	o       release.Observed
	goal    Goal
	color   release.Color // where the goal's release goes
	live    release.Color // what serves now
	release int
	started bool // the color was filled by this plan
	steps   []release.Step
	// settled: the plan has given the live color all the traffic
	settled bool
	// reopened: the plan has started teal's own nginx already
	reopened bool
	// roused: the plan has started the release that stays again, all of it
	roused bool
}

func begin(o release.Observed, g Goal, color release.Color) *builder {
	return &builder{o: o, goal: g, color: color, live: o.Live()}
}

func (b *builder) add(s release.Step) { b.steps = append(b.steps, s) }

func (b *builder) plan() Plan {
	p := Plan{Kind: b.goal.Kind, App: b.o.App.Name, Release: b.release, Color: b.color, Network: b.o.Network, Steps: b.steps}
	if replaced := b.replaced(); replaced != release.None {
		p.Replaces = b.o.ReleaseIn(replaced)
	}
	return p
}

// replaced is the color that clients leave: the live one, or the one that it
// serves for as a backup where the goal is to make that the state of things.
func (b *builder) replaced() release.Color {
	if b.goal.Kind == release.KindRollback && b.live == b.color {
		return b.live.Other()
	}
	return b.live
}

// stay is the plan that leaves the color live.
func (b *builder) stay(c release.Color) Plan {
	b.color, b.release, b.steps = c, b.o.ReleaseIn(c), nil
	return b.plan()
}

// images builds, pulls and pins what the colored services run.
func (b *builder) images() {
	var build, pull []string
	causes := map[string]bool{}
	for _, s := range b.o.Project.Colored {
		switch {
		case s.Build:
			build = append(build, s.Name)
		case s.Pull == "always":
			pull = append(pull, s.Name)
			causes["pull policy always"] = true
		case !s.Present:
			pull = append(pull, s.Name)
			causes["image not here yet"] = true
		}
	}
	if len(build) > 0 {
		b.add(release.Step{Kind: release.StepBuild, Services: build, Release: b.release, Subject: list(build), Cause: "has a build section"})
	}
	if len(pull) > 0 {
		b.add(release.Step{Kind: release.StepPull, Services: pull, Release: b.release, Subject: list(pull), Cause: strings.Join(sorted(causes), ", ")})
	}
	b.add(release.Step{Kind: release.StepPin, Release: b.release, Subject: fmt.Sprintf("release %d", b.release), Cause: "so that it can be run again"})
}

func (b *builder) network() {
	if b.o.Engine.Network.Exists {
		return
	}
	b.add(release.Step{Kind: release.StepNetwork, Subject: release.NetworkName(b.o.App.Name), Cause: fmt.Sprintf("addresses in %s", b.o.Network.Subnet)})
}

// shared makes the shared services run. The step stands in every deploy that
// has some, since only the engine knows whether they are as the compose file
// wants them; running ones are left alone.
func (b *builder) shared() {
	names := b.sharedNames()
	if len(names) == 0 {
		return
	}
	cause := "running"
	if missing := b.notRunning(names); len(missing) > 0 {
		cause = "not running: " + list(missing)
	}
	b.add(release.Step{Kind: release.StepShared, Release: b.release, Services: names, Subject: list(names), Cause: cause})
}

// sharedAgain starts shared services that a rollback needs and that lie
// stopped, after a reboot say, or that are gone and whose nginx has the
// clients, and puts all into a network that is made anew.
func (b *builder) sharedAgain() {
	names, cause := b.proxiesDown(), "not running"
	if !b.o.Engine.Network.Exists {
		cause = "their network is made anew"
	}
	for _, c := range b.o.Engine.Shared {
		if (!c.Running || !b.o.Engine.Network.Exists) && !slices.Contains(names, c.Service) {
			names = append(names, c.Service)
		}
	}
	if len(names) > 0 {
		b.add(release.Step{Kind: release.StepShared, Release: b.release, Services: names, Subject: list(names), Cause: cause})
	}
}

// proxiesDown are the shared services whose nginx does not run.
func (b *builder) proxiesDown() []string {
	var down []string
	for i, p := range b.o.Routing.Proxies {
		if service := b.o.App.Proxies[i].Service; service != "" && !p.Running {
			down = append(down, service)
		}
	}
	return down
}

func (b *builder) sharedNames() []string {
	var names []string
	for _, s := range b.o.Project.Shared {
		names = append(names, s.Name)
	}
	return names
}

func (b *builder) notRunning(names []string) []string {
	running := map[string]bool{}
	for _, c := range b.o.Engine.Shared {
		running[c.Service] = running[c.Service] || c.Running
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return running[n] })
}

// settle makes sure that no client is sent to the color that the goal's
// release goes into: whatever an interrupted deploy or a person left, from
// here on the color that serves is the only one routed to.
func (b *builder) settle() {
	if b.live == release.None || b.live == b.color || !b.o.Routing.Routes(b.color) {
		return
	}
	b.settled = true
	b.shift(b.live, fmt.Sprintf("%s serves, %s is to be filled", b.live, b.color))
	if b.o.Routing.Loaded() { // a proxy that does not run has nothing to confirm, and routes nobody
		b.confirm(b.live, 0)
	}
}

// vacate empties the color for a new release.
func (b *builder) vacate() {
	b.settle()
	if state := b.o.Engine.Colors[b.color]; !state.Empty() {
		b.remove(b.color, b.leftover(state), b.release)
	}
}

func (b *builder) leftover(state release.ColorState) string {
	for _, r := range b.o.Releases {
		if r.Number == state.Release && r.WasLive() {
			return fmt.Sprintf("standby, release %d, makes room", r.Number)
		}
	}
	return fmt.Sprintf("left over from release %d", state.Release)
}

// remove takes a color's containers away, after the proof and the drain that
// a running one needs. next is the release that is started in it then, 0 if
// it stays empty.
func (b *builder) remove(c release.Color, cause string, next int) {
	if b.o.Engine.Colors[c].Running() {
		b.ensureConfirmed(c)
		b.drain(c)
	}
	b.add(release.Step{Kind: release.StepClear, Color: c, Release: next, Subject: string(c), Cause: cause})
}

func (b *builder) stop(c release.Color, cause string) {
	b.add(release.Step{Kind: release.StepStop, Color: c, Subject: string(c), Cause: cause})
}

// unroute takes the app out of nginx, which proves itself that it is gone.
func (b *builder) unroute(cause string) {
	b.add(release.Step{Kind: release.StepUnroute, Subject: b.o.App.Name, Cause: cause})
}

// ensureConfirmed asks the proxies once more that nothing is routed to the
// color, unless the plan has asked since its last shift. A proxy that does not
// run routes nothing.
func (b *builder) ensureConfirmed(c release.Color) {
	if !b.o.Routing.Known || !b.o.Routing.Loaded() {
		return
	}
	if n := len(b.steps); n > 0 && (b.steps[n-1].Kind == release.StepConfirm || b.steps[n-1].Kind == release.StepUnroute) {
		return
	}
	b.confirm(c.Other(), 0)
}

// command runs the release command. It comes before the color is emptied, so
// that a migration that fails costs nothing but itself.
func (b *builder) command() {
	c := b.o.App.Policy.Command
	if c == nil {
		return
	}
	b.add(release.Step{
		Kind: release.StepRelease, Color: b.color, Release: b.release, Limit: c.Timeout,
		Services: []string{c.Service}, Subject: c.Service, Cause: strings.Join(c.Argv, " "),
	})
}

func (b *builder) start(cause string) {
	b.started = true
	b.add(release.Step{Kind: release.StepStart, Color: b.color, Release: b.release, Services: b.some(), Subject: string(b.color), Cause: cause})
}

// revive makes the goal's release run in its color, by the shortest way that
// the engine's state allows.
func (b *builder) revive() {
	state := b.o.Engine.Colors[b.color]
	b.network()
	b.sharedAgain()
	whole := b.placed(state) && state.Release == b.release && state.Whole(b.o.App.Services)
	switch {
	case whole && state.Up(b.overlapping()):
		return
	case whole:
		b.settle()
		b.add(release.Step{Kind: release.StepResume, Color: b.color, Release: b.release, Services: b.some(), Subject: string(b.color), Cause: fmt.Sprintf("release %d lies stopped there", b.release)})
	default:
		b.add(release.Step{Kind: release.StepImages, Release: b.release, Subject: fmt.Sprintf("release %d", b.release), Cause: "before its color is emptied"})
		b.vacate()
		b.start(fmt.Sprintf("release %d again, from history", b.release))
	}
}

// bring gives the traffic to the goal's color: gate, handoff, proxy, shift,
// proof.
func (b *builder) bring() {
	b.healthy(b.overlapping(), b.some())
	b.handoff()
	b.proxy()
	b.shift(b.color, b.before())
	b.confirm(b.color, b.release)
}

// healthy waits for the gates of the services; names is nil where they are
// all there are.
func (b *builder) healthy(services []release.Service, names []string) {
	if len(services) == 0 {
		return
	}
	replicas, answers, limit := 0, 0, services[0].Health.Timeout
	for _, s := range services {
		replicas += s.Replicas
		answers = max(answers, s.Health.Answers)
		limit = max(limit, s.Health.Timeout)
	}
	b.add(release.Step{
		Kind: release.StepHealthy, Color: b.color, Release: b.release, Services: names, Limit: limit,
		Subject: fmt.Sprintf("%s ≤%s", b.color, seconds(limit)),
		Cause:   fmt.Sprintf("%s in a row from each of %s", count(answers, "answer"), count(replicas, "replica")),
	})
}

// proxy makes every nginx of the chain run the config that knows the goal's
// color. It comes after the gate, so an nginx that learns of the app for the
// first time finds it healthy.
func (b *builder) proxy() {
	for _, p := range b.o.Routing.Proxies {
		if p.Name == standalone && !p.Running && !b.reopened {
			b.add(release.Step{Kind: release.StepProxy, Subject: p.Name, Cause: "not running"})
		}
	}
	if b.inOrder() || b.answersLack() {
		return
	}
	b.add(release.Step{Kind: release.StepRoute, Subject: list(b.proxyNames()), Cause: b.routeCause()})
}

// inOrder reports whether every proxy runs the wanted config and would after a
// restart of its own.
func (b *builder) inOrder() bool { return b.o.Routing.Ready() && b.o.Routing.Written() }

func (b *builder) routeCause() string {
	for _, p := range b.o.Routing.Proxies {
		if p.Configured || p.Generation != "" {
			return "its config is not the wanted one"
		}
	}
	return "does not know the app yet"
}

func (b *builder) shift(to release.Color, cause string) {
	t := release.TableFor(to)
	b.add(release.Step{Kind: release.StepShift, Color: to, Table: &t, Subject: fmt.Sprintf("%s=%d", to, release.Buckets), Cause: cause})
}

func (b *builder) before() string {
	switch {
	case b.live == release.None:
		return "nothing was live"
	case !b.o.Routing.Known || b.settled:
		return fmt.Sprintf("was %s=%d", b.live, release.Buckets)
	}
	from := b.replaced()
	return fmt.Sprintf("was %s=%d", from, b.o.Routing.Table.Share(from))
}

// confirm makes the release live in the journal if it is given one; 0 only
// asks.
func (b *builder) confirm(c release.Color, number int) {
	t := release.TableFor(c)
	b.add(release.Step{Kind: release.StepConfirm, Color: c, Release: number, Table: &t, Subject: "table " + t.Name(), Cause: list(b.proxyNames())})
}

func (b *builder) drain(c release.Color) {
	limits := b.o.App.Policy.Drain
	b.add(release.Step{
		Kind: release.StepDrain, Color: c, Limit: max(limits.Timeout, limits.Streams),
		Subject: fmt.Sprintf("%s ≤%s", c, seconds(limits.Timeout)),
		Cause:   fmt.Sprintf("requests in flight end, streams ≤%s", seconds(limits.Streams)),
	})
}

// retire sends the color that was live into its standby. It stands after the
// confirm that took the traffic off it, never before.
func (b *builder) retire() {
	old := b.color.Other()
	state := b.o.Engine.Colors[old]
	if state.Empty() {
		return
	}
	replaced := fmt.Sprintf("replaced by release %d", b.release)
	switch standby := b.o.App.Policy.Standby; {
	case standby == release.StandbyNone:
		b.remove(old, replaced, 0)
	case state.Running() && standby == release.StandbyWarm:
		b.drain(old)
	case state.Running():
		b.drain(old)
		b.stop(old, replaced)
	}
}

func (b *builder) proxyNames() []string {
	var names []string
	for _, p := range b.o.Routing.Proxies {
		names = append(names, p.Name)
	}
	return names
}
