package deploy

import (
	"context"
	"errors"
	"time"

	"teal/internal/plan"
	"teal/internal/release"
)

// closeLimit bounds the looking-back at the end of a deploy.
const closeLimit = 15 * time.Second

// close ends the deploy in the journal, with its receipt. err is what the
// walk or its compensation came to.
func (r *run) close(err error) (release.Receipt, error) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	r.testify(ctx)
	if err == nil && r.taken != 0 {
		err = r.Journal.SetState(r.app.Name, r.taken, release.StateUndone, release.None, "aborted")
	}
	r.receipt.Outcome = outcomeOf(err)
	r.receipt.Took = time.Since(r.started)
	r.receipt.Live = r.liveNow(ctx)
	if r.plan.Kind == release.KindDown && err == nil {
		err = r.Journal.Forget(r.app.Name)
	} else {
		err = withJournal(err, r.Journal.End(r.id, r.receipt.Outcome, &r.receipt))
	}
	err = stated(err, plan.Goal{Kind: r.plan.Kind}, r.stands())
	r.emit(release.Event{Type: release.EventReceipt, Receipt: &r.receipt, Error: asError(err)})
	return r.receipt, err
}

// withJournal is the error of a deploy, with that of the journal beside it.
func withJournal(err, journal error) error {
	var e *release.Error
	if journal == nil || !errors.As(err, &e) {
		return errors.Join(err, journal)
	}
	e.Detail = append(e.Detail, "the journal could not be written: "+journal.Error())
	return err
}

// testify puts into the receipt what was seen: first the witness ends, so
// that its own last requests are in nginx's log, then the log is read. It is
// switched off in any case: a command that was killed may have left it on.
func (r *run) testify(ctx context.Context) {
	if r.witness != nil {
		seen := r.witness()
		r.receipt.Witness = &seen
	}
	if r.watched {
		r.count(ctx)
	}
	if r.plan.Kind == release.KindDown {
		return // which takes the log away
	}
	if err := r.Router.Watch(ctx, r.app, false); err != nil {
		r.note(r.app, "the traffic log stays on: "+err.Error())
	}
}

func (r *run) count(ctx context.Context) {
	traffic, err := r.Router.Traffic(ctx, r.app, r.plan.Network)
	if err != nil {
		r.note(r.app, "clients were not counted: "+err.Error())
		return
	}
	r.receipt.Clients = &traffic
}

func (r *run) liveNow(ctx context.Context) release.Color {
	if r.plan.Kind == release.KindDown {
		return release.None
	}
	routing, err := r.Router.Observe(ctx, r.app, r.plan.Network)
	if err != nil {
		r.note(r.app, "nginx could not be asked at the end: "+err.Error())
		return release.None
	}
	return release.Observed{App: r.app, Routing: routing}.Routed()
}

// stands says where clients are in the end.
func (r *run) stands() string {
	if r.receipt.Live == release.None {
		return "no client is sent to " + r.app.Name
	}
	return "clients are sent to " + string(r.receipt.Live)
}

func outcomeOf(err error) release.Outcome {
	switch {
	case err == nil:
		return release.OutcomeDone
	case release.CodeOf(err) == release.Interrupted:
		return release.OutcomeUndone
	}
	return release.OutcomeFailed
}

func asError(err error) *release.Error {
	if err == nil {
		return nil
	}
	var e *release.Error
	if errors.As(err, &e) {
		return e
	}
	return &release.Error{Code: release.Internal, What: err.Error(), Err: err}
}
