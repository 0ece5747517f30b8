package deploy

import (
	"context"
	"errors"
	"strings"
	"time"

	"teal/internal/plan"
	"teal/internal/release"
)

// compensate answers a failed or interrupted walk with a plan from a fresh
// observation: whatever the walk has done, the undo looks at what is there.
// It goes on even though ctx has ended. It returns what a person is told.
func (r *run) compensate(ctx context.Context, cause error) error {
	told := r.explain(ctx, cause)
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	if r.plan.Kind == release.KindDown || r.plan.Kind == release.KindUndo {
		return r.leave(undo, told)
	}
	after, err := r.undo(undo, told)
	if err != nil {
		told.Detail = append(told.Detail, "undoing it failed too: "+err.Error())
		told.Next = then(told.Next, command(r.plan.Kind))
	}
	r.record(after, told)
	if told.Next == "" {
		told.Next = "mend it, then run " + command(r.plan.Kind)
	}
	return told
}

// leave is for what has no way back of its own, a down and an abort: they stay
// where they are, and the same command goes on.
func (r *run) leave(ctx context.Context, told *release.Error) error {
	told.Next = then(told.Next, command(r.plan.Kind))
	after, err := r.observe(ctx, r.app, plan.Goal{Kind: r.plan.Kind})
	if err != nil {
		told.State = r.unseen(err)
		return told
	}
	told.State = after.Summary()
	return told
}

// unseen is the state where nobody can be asked: after its unroute, which nginx
// has confirmed, a down has taken the app from its clients.
func (r *run) unseen(err error) string {
	if r.plan.Kind == release.KindDown && (r.at.Kind == release.StepDrain || r.at.Kind == release.StepRemove) {
		return "nothing of " + r.app.Name + " is live, some of its containers may be left"
	}
	return "not known: " + err.Error()
}

// command is how a person asks for a deploy of the kind.
func command(k release.DeployKind) string {
	if k == release.KindUndo {
		return "teal abort"
	}
	return "teal " + string(k)
}

// then is what to do first, if that is known, and the command that goes on.
func then(next, command string) string {
	switch {
	case next == "":
		return command + ", which goes on from what is there"
	case strings.Contains(next, command):
		return next
	}
	return next + ", then " + command + ", which goes on from what is there"
}

// undo plans and walks the way back. It returns the state it ends in, as far
// as that could be seen.
func (r *run) undo(ctx context.Context, told *release.Error) (release.Observed, error) {
	g := plan.Goal{
		Kind: release.KindUndo, Number: r.plan.Release, Color: r.plan.Color,
		Before: r.plan.Replaces, Of: r.plan.Kind, Forced: told.Code == release.Interrupted,
		Rerouted: r.rerouted,
	}
	if err := r.finishStop(ctx); err != nil {
		return r.proved(), err
	}
	o, err := r.observe(ctx, r.app, g)
	if err == nil {
		o, err = r.shaped(ctx, o, g)
	}
	if err != nil {
		return r.proved(), err
	}
	p, err := plan.Build(o, g)
	if err != nil || len(p.Steps) == 0 {
		return o, err
	}
	// A signal during the shift may have come too late: the plan says which
	// network the addresses are in even where the journal was not reached.
	if !p.Network.Subnet.IsValid() {
		p.Network = r.plan.Network
	}
	if err := r.wayBack(ctx, p, o); err != nil {
		return o, err
	}
	return r.observe(ctx, o.App, g)
}

// proved is what was before, with what the walk has shown since: after its
// confirm nginx has the clients at its release, whether Docker can be asked or
// not.
func (r *run) proved() release.Observed {
	o := r.before
	if r.confirmed == nil {
		return o
	}
	o.Routing = release.Routing{Known: true, Table: *r.confirmed, OnDisk: *r.confirmed}
	state := release.ColorState{Release: r.plan.Release}
	for _, s := range r.app.Services {
		state.Containers = append(state.Containers, release.Container{Service: s.Name, Color: r.plan.Color, Running: true})
	}
	o.Engine.Colors = map[release.Color]release.ColorState{r.plan.Color: state}
	return o
}

// finishStop ends a stop that was interrupted: Docker goes on with it, and a
// container that is about to end would be observed as one to go back to.
func (r *run) finishStop(ctx context.Context) error {
	if r.at.Kind != release.StepStop {
		return nil
	}
	return r.Runtime.Stop(ctx, r.app, r.at.Color, r.at.Services...)
}

// wayBack walks the undo's plan as a deploy of its own in the journal.
func (r *run) wayBack(ctx context.Context, p plan.Plan, o release.Observed) error {
	back := r.newRun(o.App, p, o)
	if err := back.open(release.KindUndo, p.Release, p.Color); err != nil {
		return err
	}
	outcome := release.OutcomeDone
	err := back.steps(ctx)
	if err != nil {
		outcome = release.OutcomeFailed
	}
	if drained := back.receipt.Drained; drained != nil {
		r.receipt.Drained = drained
	}
	return errors.Join(err, r.Journal.End(back.id, outcome, nil))
}

// record writes what became of the release, by what was seen at the end.
func (r *run) record(after release.Observed, told *release.Error) {
	told.State = after.Summary()
	live := after.Live()
	if after.ReleaseIn(live) == r.plan.Release && live == r.plan.Color {
		told.Next = "nothing has to be undone; teal status shows what is there, the next teal deploy tidies up"
		r.setState(release.StateLive, told)
		return
	}
	if r.before.Live() == live && live != release.None {
		told.State += ", as before"
	}
	if r.plan.Kind != release.KindDeploy {
		return
	}
	state := release.StateFailed
	if told.Code == release.Interrupted {
		state = release.StateUndone
	}
	r.setState(state, told)
}

func (r *run) setState(state release.State, told *release.Error) {
	reason := told.What
	if state == release.StateLive {
		reason = ""
	}
	if err := r.Journal.SetState(r.app.Name, r.plan.Release, state, r.plan.Color, reason); err != nil {
		told.Detail = append(told.Detail, "the journal could not be written: "+err.Error())
	}
}

// explain makes the error that a person is shown, with the evidence at hand.
func (r *run) explain(ctx context.Context, cause error) *release.Error {
	first := &release.Error{}
	if !errors.As(cause, &first) {
		first = &release.Error{Code: codeOf(r.at.Kind), What: cause.Error(), Err: cause}
	}
	told := &release.Error{Code: first.Code, What: r.at.Label() + ": " + first.What, Detail: first.Detail, Next: first.Next, Err: first.Err}
	if ctx.Err() != nil {
		told.Code, told.Err, told.Detail = release.Interrupted, ctx.Err(), nil
		told.What = r.interrupted()
		told.Next = command(r.plan.Kind)
		return told
	}
	if r.at.Kind == release.StepStart && len(told.Detail) == 0 {
		told.Detail = r.lastLines(ctx)
	}
	return told
}

func (r *run) interrupted() string {
	if r.at.Kind == "" {
		return "interrupted before the first step"
	}
	return "interrupted at " + r.at.Label()
}

// lastLines are those of the color that would not start. Without them the
// error still stands, so a failure to get them is not told.
func (r *run) lastLines(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	lines, err := r.Runtime.Tail(ctx, r.app, r.plan.Color, 20)
	if err != nil {
		return nil
	}
	return lines
}

// codeOf is the code of a failure that carries none: of a step before the
// shift a gate's, since traffic is where it was.
func codeOf(k release.StepKind) release.Code {
	switch k {
	case release.StepBuild, release.StepPull, release.StepPin, release.StepImages, release.StepNetwork, release.StepShared,
		release.StepStart, release.StepResume, release.StepHealthy, release.StepClear:
		return release.Gate
	case release.StepProxy, release.StepRoute, release.StepConfirm, release.StepUnroute:
		return release.Unreachable
	}
	return release.Internal
}
