package nginx

import (
	"context"
	"time"
)

// How long is waited for what takes milliseconds when all is well.
const (
	reloadLimit  = 10 * time.Second // nginx itself tries for 2.5 s to bind
	startLimit   = 5 * time.Second
	confirmLimit = 5 * time.Second
	quitLimit    = 10 * time.Second
)

// poll asks at once and then again and again until the answer is yes, or the
// context ends.
func poll(ctx context.Context, every time.Duration, done func() bool) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
