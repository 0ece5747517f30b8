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
	"errors"
	"time"

	"teal/internal/release"
)

// Witness watches deploys.
type Witness struct{}

// New returns a Witness.
func New() *Witness { return &Witness{} }

// Begin starts gentle GETs at the app's front: Policy.Witness.Rate a second
// over all routes, each asked for something cheap. The returned function stops
// them and tells what was seen; it is nil when the app wants no witness or has
// no route. An app of which nothing is live yet must not be watched: its
// refusals would be counted.
func (*Witness) Begin(ctx context.Context, app release.App, front release.Front) (func() release.Witnessed, error) {
	if app.Policy.Witness.Off || app.Policy.Witness.Rate <= 0 || len(app.Routes) == 0 {
		return nil, nil
	}
	if !front.Addr.IsValid() {
		return nil, errors.New("no address of the site is known")
	}
	return Start(ctx, loadFor(app, front)).Stop, nil
}

// perClient is the rate above which a further client helps: at 20 requests a
// second and four clients each has 200 ms for an answer.
const perClient = 5

// mostClients bounds what the witness adds to the load of the machine.
const mostClients = 16

func loadFor(app release.App, front release.Front) Load {
	rate := app.Policy.Witness.Rate
	clients := min(max(rate/perClient, 1), mostClients)
	return Load{
		Target: front.Addr.String(), TLS: front.TLS, Host: front.Host,
		Groups: []Group{{
			Kind:  Get,
			Paths: pathsOf(app),
			Count: clients,
			Every: time.Duration(clients) * time.Second / time.Duration(rate),
		}},
	}
}
