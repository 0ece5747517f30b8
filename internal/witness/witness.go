// Package witness is a client outside the application that counts every
// request it sends and retries none.
//
// Invariant: each request is written at most once, to one connection, and has
// exactly one outcome, so Sent is the sum of Answered, Failed, Reset, Refused,
// Timeout and Cut. That is why the package owns its connections and doesn't use
// net/http's client, which hides a lost request behind a second one. An answer
// counts when all of it has come.
package witness

import (
	"context"
	"time"

	"teal/internal/release"
)

// Witness watches deploys.
type Witness struct{}

// New returns a Witness.
func New() *Witness { return &Witness{} }

// Begin starts gentle GETs through the app's site: Policy.Witness.Rate a
// second over all routes, each asked for something cheap. The returned
// function stops them and tells what was seen; it is nil when the app wants
// no witness or has no route. An app of which nothing is live yet must not be
// watched: its refusals would be counted.
func (*Witness) Begin(ctx context.Context, app release.App) (func() release.Witnessed, error) {
	if app.Policy.Witness.Off || app.Policy.Witness.Rate <= 0 || len(app.Routes) == 0 {
		return nil, nil
	}
	load, err := loadFor(app)
	if err != nil {
		return nil, err
	}
	return Start(ctx, load).Stop, nil
}

// perClient is the rate above which a further client helps: at 20 requests a
// second and four clients each has 200 ms for an answer.
const perClient = 5

// mostClients bounds what the witness adds to the load of the machine.
const mostClients = 16

func loadFor(app release.App) (Load, error) {
	target, err := targetOf(app.Site)
	if err != nil {
		return Load{}, err
	}
	rate := app.Policy.Witness.Rate
	clients := min(max(rate/perClient, 1), mostClients)
	return Load{
		Target: target,
		Host:   hostOf(app.Site),
		Groups: []Group{{
			Kind:  Get,
			Paths: pathsOf(app),
			Count: clients,
			Every: time.Duration(clients) * time.Second / time.Duration(rate),
		}},
	}, nil
}
