// Package deploy carries out deploys: observe, plan, run. It decides nothing
// itself. What is live is asked of nginx and Docker, what to do is planned by
// package plan, and this package walks the plan's steps, writing to the
// journal before and after each, so that a kill at any moment leaves a state
// from which the next command goes on. A step that fails, or a Ctrl-C, is
// answered with another plan from a fresh observation.
package deploy

import (
	"context"
	"errors"
	"time"

	"teal/internal/plan"
	"teal/internal/release"
)

// Deployer holds the parts a deploy works with. All fields must be set.
type Deployer struct {
	Runtime Runtime
	Router  Router
	Prober  Prober
	Witness Witness
	Journal Journal
	Events  func(release.Event)
	By      string // user@host, for the journal and the lock's message
}

// undoLimit bounds a compensation: it must end even where Docker hangs.
const undoLimit = 10 * time.Minute

// Plan is what a deploy would do now. Nothing is changed.
func (d *Deployer) Plan(ctx context.Context, app release.App) (plan.Plan, error) {
	return d.plan(ctx, app, plan.Goal{Kind: release.KindDeploy})
}

// Deploy releases the app as its compose files are now.
func (d *Deployer) Deploy(ctx context.Context, app release.App) (release.Receipt, error) {
	return d.locked(ctx, app, plan.Goal{Kind: release.KindDeploy})
}

// Rollback brings release to back; 0 is the one before the live one.
func (d *Deployer) Rollback(ctx context.Context, app release.App, to int) (release.Receipt, error) {
	return d.locked(ctx, app, plan.Goal{Kind: release.KindRollback, Number: to})
}

// Abort takes a deploy back that was killed: what it brought goes, what was
// live before is live again.
func (d *Deployer) Abort(ctx context.Context, app release.App) (release.Receipt, error) {
	return d.locked(ctx, app, plan.Goal{Kind: release.KindUndo, Forced: true})
}

// Down takes the app away: containers, networks, config, and with volumes
// also its named volumes.
func (d *Deployer) Down(ctx context.Context, app release.App, volumes bool) (release.Receipt, error) {
	return d.locked(ctx, app, plan.Goal{Kind: release.KindDown, Volumes: volumes})
}

// locked does the whole of a command while it holds the app's lock. The lock
// is the kernel's: it ends with this process, however it ends.
func (d *Deployer) locked(ctx context.Context, app release.App, g plan.Goal) (release.Receipt, error) {
	unlock, err := d.Journal.Lock(app.Name)
	if err != nil {
		return release.Receipt{}, err
	}
	receipt, err := d.carryOut(ctx, app, g)
	if uerr := unlock(); err == nil && uerr != nil {
		err = uerr
	}
	return receipt, err
}

func (d *Deployer) carryOut(ctx context.Context, app release.App, g plan.Goal) (release.Receipt, error) {
	o, err := d.observe(ctx, app, g)
	if err != nil {
		return release.Receipt{}, untouched(err, g)
	}
	d.notes(app, o.Project.Notes)
	if o, err = d.ended(ctx, o, g); err != nil {
		return release.Receipt{}, d.withState(err, o, g)
	}
	g, err = aimed(g, o)
	if err != nil {
		return release.Receipt{}, d.withState(err, o, g)
	}
	if err := errors.Join(d.rebuild(o), d.tidy(ctx, o)); err != nil {
		return release.Receipt{}, d.withState(err, o, g)
	}
	if o, err = d.shaped(ctx, o, g); err != nil {
		return release.Receipt{}, untouched(err, g)
	}
	p, err := plan.Build(o, g)
	if err != nil {
		return release.Receipt{}, d.withState(err, o, g)
	}
	if g.Kind != release.KindDown {
		d.notes(app, o.Routing.Notes())
	}
	r := d.newRun(o.App, p, o)
	if g.Kind == release.KindUndo && g.Of == release.KindDeploy {
		r.taken = g.Number
	}
	if err := r.open(g.Kind, p.Release, p.Color); err != nil {
		return release.Receipt{}, d.withState(err, o, g)
	}
	if err = d.settle(o); err == nil {
		err = r.walk(ctx)
	}
	if err != nil {
		err = r.compensate(ctx, err)
	}
	return r.close(err)
}

func (d *Deployer) plan(ctx context.Context, app release.App, g plan.Goal) (plan.Plan, error) {
	o, err := d.observe(ctx, app, g)
	if err != nil {
		return plan.Plan{}, untouched(err, g)
	}
	g, err = aimed(g, o)
	if err != nil {
		return plan.Plan{}, d.withState(err, o, g)
	}
	if o, err = d.shaped(ctx, o, g); err != nil {
		return plan.Plan{}, untouched(err, g)
	}
	p, err := plan.Build(o, g)
	if err != nil {
		return plan.Plan{}, d.withState(err, o, g)
	}
	return p, nil
}
