// Package notify tells Slack channels and webhooks what becomes of a deploy.
//
// The invariants: telling never holds up the deploy, and at its end for five
// seconds at most; what it says went wrong is in its own words and never holds
// an address or a secret, nor do the messages hold what looks like one; a
// message goes to the address it is for, and no redirect takes it elsewhere.
package notify

import (
	"context"
	"fmt"
	"sync"
	"time"

	"teal/internal/release"
)

// limit bounds one message, and the wait for all of them at the end.
const limit = 5 * time.Second

// queued is how many messages may wait for one that is under way: a deploy
// has two.
const queued = 8

// Notifier tells a deploy's targets. Tell returns at once; End waits for what
// is under way and says what became of it.
type Notifier struct {
	targets []*target
	working sync.WaitGroup
	stop    context.CancelFunc
	mask    *Mask
}

// New starts to listen for messages. The addresses are looked up now, in the
// environment (NAME=VALUE) or in their files; one that isn't there is told by
// End. The caller calls End, once.
func New(targets []release.Notify, environ []string) *Notifier {
	ctx, stop := context.WithCancel(context.Background())
	n := &Notifier{stop: stop, mask: NewMask(environ)}
	for i, to := range targets {
		t := newTarget(to, named(targets, i), environ)
		n.mask.hide(t.url, t.key)
		n.targets = append(n.targets, t)
		n.working.Add(1)
		go func() {
			defer n.working.Done()
			t.work(ctx)
		}()
	}
	return n
}

// Look says of each target whether its address and its secret are where
// teal.yaml says. Nobody is told anything.
func Look(targets []release.Notify, environ []string) []release.Notified {
	var all []release.Notified
	for i, to := range targets {
		t := newTarget(to, named(targets, i), environ)
		one := release.Notified{Target: t.name, OK: t.broken == nil}
		if t.broken != nil {
			one.Error = t.broken.Error()
		}
		all = append(all, one)
	}
	return all
}

// named is what a target is called: its kind, with a number where there are
// several of it.
func named(targets []release.Notify, i int) string {
	number, all := 0, 0
	for j, t := range targets {
		if t.Kind != targets[i].Kind {
			continue
		}
		if all++; j <= i {
			number++
		}
	}
	if all == 1 {
		return string(targets[i].Kind)
	}
	return fmt.Sprintf("%s %d", targets[i].Kind, number)
}

// Tell gives the message to those who want to hear of such. Secrets are taken
// out of its texts before.
func (n *Notifier) Tell(m Message) {
	m = m.masked(n.mask)
	for _, t := range n.targets {
		if t.wants(m.Event) {
			t.take(m)
		}
	}
}

// End waits until all was told, for five seconds at most, and returns what
// became of it, an entry for each target that had something to hear.
func (n *Notifier) End() []release.Notified {
	for _, t := range n.targets {
		close(t.queue)
	}
	timer := time.AfterFunc(limit, n.stop)
	n.working.Wait()
	timer.Stop()
	n.stop()
	var all []release.Notified
	for _, t := range n.targets {
		if len(t.faults) > 0 || t.told > 0 {
			all = append(all, release.Notified{Target: t.name, OK: len(t.faults) == 0, Error: reasons(t.faults)})
		}
	}
	return all
}
