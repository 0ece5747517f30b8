package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"teal/internal/release"
)

// effects is what each kind of step does. Every effect is idempotent.
var effects = map[release.StepKind]func(*run, context.Context, release.Step) error{
	release.StepBuild:   (*run).build,
	release.StepPull:    (*run).pull,
	release.StepPin:     (*run).pin,
	release.StepImages:  (*run).present,
	release.StepNetwork: (*run).network,
	release.StepShared:  (*run).shared,
	release.StepRelease: (*run).once,
	release.StepClear:   (*run).clear,
	release.StepStart:   (*run).start,
	release.StepResume:  (*run).resume,
	release.StepHealthy: (*run).healthy,
	release.StepProxy:   (*run).proxy,
	release.StepRoute:   (*run).route,
	release.StepShift:   (*run).shift,
	release.StepConfirm: (*run).confirm,
	release.StepDrain:   (*run).drain,
	release.StepStop:    (*run).stop,
	release.StepUnroute: (*run).unroute,
	release.StepRemove:  (*run).remove,
	release.StepPrune:   (*run).prune,
}

// release is the spec of the release that the plan brings: rendered now for a
// deploy, taken from the journal for one that has been run before.
func (r *run) release(ctx context.Context) (*release.Spec, error) {
	if r.spec != nil {
		return r.spec, nil
	}
	load := func() (release.Spec, error) { return r.Journal.Spec(r.app.Name, r.plan.Release) }
	if r.plan.Kind == release.KindDeploy {
		load = func() (release.Spec, error) { return r.prepare(ctx) }
	}
	spec, err := load()
	if err != nil {
		return nil, err
	}
	r.spec = &spec
	return r.spec, nil
}

func (r *run) prepare(ctx context.Context) (release.Spec, error) {
	text, err := r.app.Deployed()
	if err != nil {
		return release.Spec{}, err
	}
	spec, err := r.Runtime.Prepare(ctx, r.app, r.plan.Release, r.plan.Network)
	spec.Deployed = text
	return spec, err
}

func (r *run) build(ctx context.Context, s release.Step) error {
	spec, err := r.release(ctx)
	if err != nil {
		return err
	}
	return r.Runtime.Build(ctx, r.app, *spec, s.Services, r.say)
}

func (r *run) pull(ctx context.Context, s release.Step) error {
	spec, err := r.release(ctx)
	if err != nil {
		return err
	}
	return r.Runtime.Pull(ctx, r.app, *spec, s.Services, r.say)
}

func (r *run) pin(ctx context.Context, _ release.Step) error {
	spec, err := r.release(ctx)
	if err != nil {
		return err
	}
	pinned, err := r.Runtime.Pin(ctx, r.app, *spec, r.before.Releases)
	if err != nil {
		return err
	}
	r.spec = &pinned
	return r.Journal.SaveSpec(pinned)
}

func (r *run) present(ctx context.Context, _ release.Step) error {
	spec, err := r.release(ctx)
	if err != nil {
		return err
	}
	return r.Runtime.Present(ctx, r.app, *spec)
}

func (r *run) network(ctx context.Context, _ release.Step) error {
	return r.Runtime.Network(ctx, r.app, r.plan.Network)
}

func (r *run) shared(ctx context.Context, _ release.Step) error {
	spec, err := r.kept(ctx)
	if err != nil {
		return err
	}
	return r.Runtime.Shared(ctx, r.app, spec, r.say)
}

// kept is the release's spec, an empty one where the journal was lost and
// rebuilt: what lies stopped can be started without.
func (r *run) kept(ctx context.Context) (release.Spec, error) {
	spec, err := r.release(ctx)
	if r.plan.Kind != release.KindDeploy && release.CodeOf(err) == release.Invalid {
		r.say(release.EventNote, "started as it lies there, without the release's spec: "+err.Error())
		return release.Spec{App: r.app.Name, Number: r.plan.Release}, nil
	}
	if err != nil {
		return release.Spec{}, err
	}
	return *spec, nil
}

// once runs the release command. It is the user's own, so it is run again by
// the next deploy if this one is cut off in the middle of it.
func (r *run) once(ctx context.Context, s release.Step) error {
	spec, err := r.release(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	return r.Runtime.Once(ctx, r.app, *spec, s.Color, *r.app.Policy.Command, r.say)
}

func (r *run) clear(ctx context.Context, s release.Step) error {
	end := func() error {
		if s.Release != 0 {
			return r.Runtime.Vacate(ctx, r.app, s.Color)
		}
		return r.Runtime.Clear(ctx, r.app, s.Color)
	}
	if !r.before.Engine.Colors[s.Color].Running() {
		return end() // nothing is there that could take a connection
	}
	return r.shut(ctx, s.Color, end)
}

func (r *run) start(ctx context.Context, s release.Step) error {
	spec, err := r.release(ctx)
	if err != nil {
		return err
	}
	if err := r.reachable(ctx); err != nil {
		return err
	}
	return r.Runtime.Start(ctx, r.app, *spec, s.Color, r.say, s.Services...)
}

func (r *run) resume(ctx context.Context, s release.Step) error {
	spec, err := r.kept(ctx)
	if err != nil {
		return err
	}
	if err := r.reachable(ctx); err != nil {
		return err
	}
	return r.Runtime.Resume(ctx, r.app, spec, s.Color, r.say, s.Services...)
}

func (r *run) healthy(ctx context.Context, s release.Step) error {
	engine, err := r.Runtime.Observe(ctx, r.app)
	if err != nil {
		return err
	}
	return r.Prober.Healthy(ctx, r.targets(engine.Colors[s.Color], s), r.say)
}

// targets lists every replica that the step asks about: of the services it
// names, or of all. One whose container is missing stays in the list, for the
// gate to fail on.
func (r *run) targets(state release.ColorState, s release.Step) []release.Target {
	c := s.Color
	containers := map[release.Slot]release.Container{}
	for _, have := range state.Containers {
		containers[release.Slot{Service: have.Service, Color: c, Replica: have.Replica}] = have
	}
	var targets []release.Target
	for _, svc := range r.app.Services {
		if len(s.Services) > 0 && !slices.Contains(s.Services, svc.Name) {
			continue
		}
		for n := 1; n <= svc.Replicas; n++ {
			slot := release.Slot{Service: svc.Name, Color: c, Replica: n}
			inside := 0
			if r.app.Addresses == release.AddressesPorts {
				inside = svc.Port
			}
			targets = append(targets, release.Target{
				Slot: slot, Container: containers[slot], Inside: inside, Health: svc.Health, Host: r.host(),
				Addr: r.app.Endpoint(r.plan.Network, slot),
			})
		}
	}
	return targets
}

func (r *run) host() string {
	if len(r.app.Site.Hosts) == 0 {
		return ""
	}
	return r.app.Site.Hosts[0]
}

func (r *run) proxy(ctx context.Context, _ release.Step) error {
	return r.Router.Up(ctx, r.app)
}

func (r *run) route(ctx context.Context, _ release.Step) error {
	r.rerouted = true
	return r.Router.Apply(ctx, r.app, r.plan.Network)
}

func (r *run) shift(ctx context.Context, s release.Step) error {
	return r.Router.Shift(ctx, r.app, *s.Table)
}

// confirm makes a release live in the journal only after every proxy said so.
func (r *run) confirm(ctx context.Context, s release.Step) error {
	if err := r.Router.Confirm(ctx, r.app, *s.Table); err != nil {
		return err
	}
	if s.Release == 0 {
		return nil
	}
	r.receipt.Switch, r.confirmed = time.Since(r.decided), s.Table
	return r.Journal.SetState(r.app.Name, s.Release, release.StateLive, s.Color, "")
}

func (r *run) drain(ctx context.Context, s release.Step) error {
	drained, err := r.Router.Drain(ctx, r.app, r.plan.Network, s.Color, r.app.Policy.Drain, r.say)
	if err != nil {
		return err
	}
	drained.Color = s.Color
	r.receipt.Drained = &drained
	return nil
}

func (r *run) stop(ctx context.Context, s release.Step) error {
	stop := func() error { return r.Runtime.Stop(ctx, r.app, s.Color, s.Services...) }
	if len(s.Services) > 0 || r.cut(s.Color) {
		return stop() // the others serve on, or what goes on may end as the application lets it
	}
	return r.shut(ctx, s.Color, stop)
}

// cut reports whether the drain of the color ended at its limit.
func (r *run) cut(c release.Color) bool {
	d := r.receipt.Drained
	return d != nil && d.Color == c && d.Cut > 0
}

// shut ends a color to which nothing new gets any more: a request that came
// between the last look of the drain and the end would be lost. The door is open
// again afterwards, whatever happened: the color may be needed.
func (r *run) shut(ctx context.Context, c release.Color, end func() error) error {
	if err := r.Router.Shut(ctx, r.app, r.plan.Network, c); err != nil {
		r.say(release.EventNote, "new connections could not be kept from "+string(c)+" while it ends: "+err.Error())
	}
	err := end()
	if shut := r.reachable(context.WithoutCancel(ctx)); shut != nil {
		r.say(release.EventNote, "the next command tries it again: "+shut.Error())
	}
	return err
}

// reachable makes sure that no door is shut: to a color that starts nginx and
// the health check need to get.
func (r *run) reachable(ctx context.Context) error {
	if err := r.Router.Reopen(ctx, r.app, r.plan.Network); err != nil {
		return fmt.Errorf("let connections in again: %w", err)
	}
	return nil
}

// handedBack is told at the end of an adopted app: the server blocks are
// somebody's own, so taking our line out of them is, too.
const handedBack = "what served the site before teal serves it again; teal's files stay while a server block includes them: " +
	"take the include line out of it, write the former upstreams into its proxy_pass lines, reload nginx, then run teal down once more"

func (r *run) unroute(ctx context.Context, _ release.Step) error {
	if err := r.Router.Remove(ctx, r.app); err != nil {
		return err
	}
	if r.app.Site.Adopted != nil && r.plan.Kind == release.KindDown {
		r.say(release.EventNote, handedBack)
	}
	return nil
}

func (r *run) remove(ctx context.Context, s release.Step) error {
	return r.Runtime.Remove(ctx, r.app, s.Volumes, r.say)
}

// prune has history offer a release no more before its images go: a kill in
// between leaves images, which the next prune finds, and no release that can't
// be gone back to.
func (r *run) prune(ctx context.Context, s release.Step) error {
	if err := r.Journal.Prune(r.app.Name, s.Keep); err != nil {
		return err
	}
	if err := r.Runtime.Prune(ctx, r.app, s.Keep); err != nil {
		return fmt.Errorf("drop images: %w", err)
	}
	return nil
}
