package load

import (
	"context"
	"math/rand/v2"
	"time"
)

// afterFailure keeps a client from turning a refusal into a flood.
const afterFailure = 10 * time.Millisecond

// closed is a closed loop: the next request begins when the answer to the
// last has come and a think time has passed.
func (c *client) closed() {
	defer c.hangUp()
	think := func() time.Duration { return c.group.Think/2 + rand.N(c.group.Think+1) }
	for ok := pause(c.soft, rand.N(c.group.Think+1)); ok; ok = pause(c.soft, think()) {
		if !c.once(time.Now()) {
			pause(c.soft, afterFailure)
		}
		if c.group.Once {
			return
		}
	}
}

// openEvery is how often an open loop looks which requests are due.
const openEvery = 2 * time.Millisecond

// open is an open loop: requests begin at a rate, whatever became of those
// before. Their latency counts from when they were due, so one that had to
// wait for a processor or for a connection is as slow as its client found it.
func (r *Running) open(g Group) {
	began, tick := time.Now(), time.NewTicker(openEvery)
	defer tick.Stop()
	idle := &idlers{}
	defer idle.close()
	for begun := 0; r.soft.Err() == nil; {
		for ; begun < int(time.Since(began).Seconds()*float64(g.Rate)); begun++ {
			due := began.Add(time.Duration(begun) * time.Second / time.Duration(g.Rate))
			c := idle.take(func() *client { return r.client(g) })
			idle.busy.Go(func() {
				c.once(due)
				idle.give(c)
			})
		}
		select {
		case <-r.soft.Done():
		case <-tick.C:
		}
	}
}

// pause waits for d and reports whether ctx is still going on.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
