package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"teal/internal/plan"
	"teal/internal/release"
)

// Observe asks the journal, Docker and nginx once each and returns what they
// say as a plain value, without the compose files.
func (d *Deployer) Observe(ctx context.Context, app release.App) (release.Observed, error) {
	return d.observe(ctx, app, plan.Goal{})
}

// observe is Observe, with the compose files where the goal needs them.
func (d *Deployer) observe(ctx context.Context, app release.App, g plan.Goal) (release.Observed, error) {
	memory, err := d.Journal.Memory(app.Name)
	if err != nil {
		return release.Observed{}, err
	}
	o := release.Observed{App: app, Releases: memory.Releases, Unended: memory.Unended, Older: memory.Older, Next: memory.Next}
	project := make(chan error, 1)
	go func() { project <- d.loadProject(ctx, &o, g) }()
	o.Engine, err = d.Runtime.Observe(ctx, app)
	if err = errors.Join(err, <-project); err != nil {
		return release.Observed{}, err
	}
	o.Rebuilt = lost(memory, o.Engine)
	if !memory.Network.Subnet.IsValid() { // not known, as of a lost journal: containers keep the addresses that nginx has
		memory.Network = networkOf(o.Engine)
	}
	if o.Shapes, err = d.shapes(o); err != nil {
		return release.Observed{}, err
	}
	if o.App.Shapes == nil {
		o.App.Shapes = o.Shapes
	}
	if o.Network, err = d.network(memory.Network, o, g); err != nil {
		return release.Observed{}, err
	}
	if o.Routing, err = d.Router.Observe(ctx, o.App, o.Network); err != nil {
		return release.Observed{}, fmt.Errorf("ask nginx: %w", err)
	}
	if o.Rebuilt {
		o.Releases, o.Next = rebuilt(o)
	}
	return o, nil
}

func (d *Deployer) loadProject(ctx context.Context, o *release.Observed, g plan.Goal) (err error) {
	if g.Kind == release.KindDeploy {
		o.Project, err = d.Runtime.Load(ctx, o.App)
	}
	return err
}

// network is the app's network as the goal needs it. Only a goal that brings
// a release gives new addresses out; looking on must not.
func (d *Deployer) network(known release.Network, o release.Observed, g plan.Goal) (release.Network, error) {
	if g.Kind != release.KindDeploy && g.Kind != release.KindRollback && !known.Subnet.IsValid() {
		return known, nil
	}
	return plan.Network(known, o.Engine, o.App)
}

// ended waits for the end of what a killed command had told Docker to stop.
// Docker goes on with that, and a container that is about to end would be
// observed as one to go back to, or as a scheduler that runs. It returns the
// observation from after. A color that answers clients is left alone: somebody
// has brought it back since, or harmed the other one.
func (d *Deployer) ended(ctx context.Context, o release.Observed, g plan.Goal) (release.Observed, error) {
	again := false
	for _, u := range o.Unfinished() {
		s := u.At
		serves := len(s.Services) == 0 && (o.Routing.Routes(s.Color) || o.Live() == s.Color)
		if s.Kind != release.StepStop && s.Kind != release.StepClear || serves || !o.Engine.Colors[s.Color].Running() {
			continue
		}
		if err := d.Runtime.Stop(ctx, o.App, s.Color, s.Services...); err != nil {
			return o, fmt.Errorf("end the %s of %s that was cut off: %w", s.Kind, s.Color, err)
		}
		again = true
	}
	if !again {
		return o, nil
	}
	return d.observe(ctx, o.App, g)
}

// settle records what became of deploys that were killed: nginx and the
// containers' labels say whether their releases live. By then the journal has
// the deploy that goes on from there, so that a kill in between leaves it to
// know of.
func (d *Deployer) settle(o release.Observed) error {
	for _, u := range o.Unfinished() {
		d.note(o.App, fmt.Sprintf("the %s of release %d that began %s was cut off at %q; going on from what is there",
			u.Kind, u.Release, u.Started.Local().Format("2006-01-02 15:04:05"), u.Step))
		if err := d.judge(o, u, o.Live()); err != nil {
			return fmt.Errorf("settle deploy %d: %w", u.ID, err)
		}
		if err := d.Journal.End(u.ID, release.OutcomeInterrupted, nil); err != nil {
			return fmt.Errorf("settle deploy %d: %w", u.ID, err)
		}
	}
	return d.conclude(o)
}

// conclude is for releases whose deploy has ended without a word of them, since
// the journal could not be written at that moment.
func (d *Deployer) conclude(o release.Observed) error {
	for _, r := range o.Releases {
		if r.State != release.StateStarting || slices.ContainsFunc(o.Unfinished(), func(u release.Deploy) bool { return u.Release == r.Number }) {
			continue
		}
		state, reason := release.StateUndone, "what became of it could not be written down"
		if live := o.Live(); live != release.None && o.ReleaseIn(live) == r.Number {
			state, reason = release.StateLive, ""
		}
		if err := d.Journal.SetState(o.App.Name, r.Number, state, release.None, reason); err != nil {
			return fmt.Errorf("settle release %d: %w", r.Number, err)
		}
	}
	return nil
}

// judge writes down whether the release of a deploy that was killed lives.
func (d *Deployer) judge(o release.Observed, u release.Deploy, live release.Color) error {
	if number := o.ReleaseIn(live); live != release.None && number > 0 && hasRelease(o, number) {
		if err := d.Journal.SetState(o.App.Name, number, release.StateLive, live, ""); err != nil {
			return err
		}
		if number == u.Release {
			return nil
		}
	}
	if u.Kind != release.KindDeploy {
		return nil
	}
	return d.Journal.SetState(o.App.Name, u.Release, release.StateUndone, release.None, "interrupted at "+u.Step)
}

// tidy takes away what a killed command has left beside nginx's files.
func (d *Deployer) tidy(ctx context.Context, o release.Observed) error {
	if len(o.Routing.Leftovers) == 0 {
		return nil
	}
	if err := d.Router.Tidy(ctx, o.App); err != nil {
		return fmt.Errorf("take away what a killed teal left: %w", err)
	}
	return nil
}

func hasRelease(o release.Observed, number int) bool {
	for _, r := range o.Releases {
		if r.Number == number {
			return true
		}
	}
	return false
}

// untouched is an error of the looking that comes before anything is done.
func untouched(err error, g plan.Goal) error { return stated(err, g, "nothing was changed") }

// withState adds to an error in what state the app is.
func (d *Deployer) withState(err error, o release.Observed, g plan.Goal) error {
	return stated(err, g, o.Summary())
}

// stated is an error that a person can go on from, whatever room it comes from.
func stated(err error, g plan.Goal, state string) error {
	e := asError(err)
	if e == nil {
		return nil
	}
	if e.State == "" {
		e.State = state
	}
	if e.Next == "" && g.Kind != "" {
		e.Next = "mend it, then run " + command(g.Kind)
	}
	var known *release.Error
	if errors.As(err, &known) {
		return err
	}
	return e
}
