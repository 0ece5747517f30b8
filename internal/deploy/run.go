package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"teal/internal/plan"
	"teal/internal/release"
)

// run is one walk over one plan.
type run struct {
	*Deployer
	app     release.App
	plan    plan.Plan
	before  release.Observed // what the plan was made from
	id      int64            // the journal's
	started time.Time
	at      release.Step // the step it is at, or failed at
	receipt release.Receipt
	decided time.Time // when the last shift was decided
	spec    *release.Spec
	taken   int                      // the release that an abort takes back, 0 for none
	witness func() release.Witnessed // ends the witness; nil if none runs
	// watched: nginx logs what clients get
	watched bool
	// rerouted: nginx may run the config of this plan's shape
	rerouted bool
	// confirmed is the table that nginx has shown to have with this plan's release
	confirmed *release.Table
}

func (d *Deployer) newRun(app release.App, p plan.Plan, o release.Observed) *run {
	return &run{Deployer: d, app: app, plan: p, before: o, started: time.Now()}
}

// open writes the plan to the journal, so that a kill from here on is known
// to have interrupted something, and begins to watch.
func (r *run) open(kind release.DeployKind, number int, color release.Color) error {
	if r.plan.Network.Subnet.IsValid() {
		if err := r.Journal.SaveNetwork(r.app.Name, r.plan.Network); err != nil {
			return err
		}
	}
	row := release.Deploy{App: r.app.Name, Kind: kind, Release: number, By: r.By, PID: os.Getpid(), Started: r.started}
	var fresh *release.Release
	if kind == release.KindDeploy {
		fresh = &release.Release{App: r.app.Name, Number: number, Color: color, State: release.StateStarting, Created: r.started, By: r.By}
	}
	id, err := r.Journal.Begin(row, fresh, r.plan.Steps)
	if err != nil {
		return err
	}
	r.id = id
	r.receipt = release.Receipt{App: r.app.Name, Kind: kind, Release: number, Color: color, Replaced: r.plan.Replaces, Started: r.started}
	r.emit(release.Event{Type: release.EventBegin, Of: len(r.plan.Steps), Text: r.plan.Title()})
	return nil
}

// walk watches the clients and does the steps.
func (r *run) walk(ctx context.Context) error {
	r.watch(ctx)
	return r.steps(ctx)
}

// steps does the plan's steps in their order. It carries no decisions: the
// first that fails ends it.
func (r *run) steps(ctx context.Context) error {
	for i, s := range r.plan.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.step(ctx, i+1, s); err != nil {
			return err
		}
	}
	return nil
}

// step writes the intent, has the effect, writes the result. A kill between
// any two of these leaves an effect that the next command finds by looking.
func (r *run) step(ctx context.Context, n int, s release.Step) error {
	r.at = s
	began := time.Now()
	if s.Kind == release.StepShift {
		r.decided = began
	}
	if err := r.Journal.Intent(r.id, n, s); err != nil {
		return fmt.Errorf("write the intent of %s: %w", s.Label(), err)
	}
	r.emit(release.Event{Type: release.EventStep, Number: n, Of: len(r.plan.Steps), Step: &s})
	err := effects[s.Kind](r, ctx, s)
	took := time.Since(began)
	r.receipt.Steps = append(r.receipt.Steps, release.StepTook{Kind: s.Kind, Took: took})
	if err != nil {
		return r.failed(n, s, took, err)
	}
	if err := r.Journal.Result(r.id, n, ""); err != nil {
		return fmt.Errorf("write the result of %s: %w", s.Label(), err)
	}
	r.emit(release.Event{Type: release.EventDone, Number: n, Of: len(r.plan.Steps), Step: &s, Took: took})
	return nil
}

// failed records a step's failure. The failure of the step outranks one of
// the journal, which the compensation would meet again.
func (r *run) failed(n int, s release.Step, took time.Duration, err error) error {
	r.emit(release.Event{Type: release.EventFailed, Number: n, Of: len(r.plan.Steps), Step: &s, Took: took, Text: err.Error()})
	if jerr := r.Journal.Result(r.id, n, err.Error()); jerr != nil {
		r.note(r.app, "the journal could not be written: "+jerr.Error())
	}
	return err
}

// watch switches the traffic log on and starts the witness, where something
// is live that could lose a request. A deploy is not refused for want of a
// witness: the receipt then has none, and says so by its absence.
func (r *run) watch(ctx context.Context) {
	if r.unwatched() {
		return
	}
	err := r.Router.Watch(ctx, r.app, true)
	if r.watched = err == nil; err != nil {
		r.note(r.app, "clients are not counted: "+err.Error())
	}
	if !r.before.Routing.Loaded() {
		return
	}
	end, err := r.begin(ctx)
	if err != nil {
		r.note(r.app, "no witness: "+err.Error())
	}
	r.witness = end
}

// unwatched reports whether there are no clients to watch: nothing is live, nor
// does what served an adopted site before.
func (r *run) unwatched() bool {
	before := r.before.Routing.Adopted && r.before.Routing.Loaded()
	return r.plan.Kind == release.KindDown || r.before.Live() == release.None && !before
}

// begin starts the witness where clients meet the app, unless the live release
// has another front than the plan's. It would ask where nobody answers yet, or
// where another program does, and its word would be worth nothing.
func (r *run) begin(ctx context.Context) (func() release.Witnessed, error) {
	was, err := r.AsRelease(r.app, r.before.ReleaseIn(r.before.Live()))
	if err != nil {
		return nil, err
	}
	before, err := r.Router.Front(ctx, was)
	if err != nil {
		return nil, err
	}
	front, err := r.Router.Front(ctx, r.app)
	if err != nil {
		return nil, err
	}
	if front != before {
		return nil, errors.New("the site's address or host changes with this release")
	}
	return r.Witness.Begin(context.WithoutCancel(ctx), r.app, front)
}

func (r *run) emit(e release.Event) {
	e.Time, e.App, e.Deploy = time.Now(), r.app.Name, r.id
	r.Events(e)
}

// say is how a step's effect tells of its progress.
func (r *run) say(t release.EventType, text string) {
	r.emit(release.Event{Type: t, Text: text, Step: &r.at})
}

func (d *Deployer) notes(app release.App, texts []string) {
	for _, text := range texts {
		d.note(app, text)
	}
}

func (d *Deployer) note(app release.App, text string) {
	d.Events(release.Event{Time: time.Now(), Type: release.EventNote, App: app.Name, Text: text})
}
