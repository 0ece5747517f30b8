package probe

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"teal/internal/release"
)

// round is one call of Healthy: all gates, opened together. The goroutine in
// wait owns the gates' states; askers and watchers only send it news.
type round struct {
	gates []*gate
	news  chan news
}

// news is what an asker or a watcher found out about its gate.
type news struct {
	gate  *gate
	state state
}

// wait runs the gates until all are passed, one fails, or ctx ends. One
// failure ends the round: the color can't go live any more.
func (r *round) wait(ctx context.Context, say func(release.EventType, string)) {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	for _, g := range r.gates {
		running.Go(func() { r.news <- news{g, g.ask(ctx)} })
		running.Go(func() { r.watch(ctx, g) })
	}
	tick := time.NewTicker(sayEvery)
	defer tick.Stop()
	for asking := len(r.gates); asking > 0; {
		select {
		case n := <-r.news:
			if n.state != died {
				asking--
			}
			if n.gate.enter(n.state); n.state == ready {
				say(release.EventProgress, n.gate.readyLine())
			} else {
				stop()
			}
		case <-tick.C:
			r.sayWaiting(say)
		}
	}
}

// watch tells of a death only while the round goes on, since nobody listens
// after it; wait counts the askers and hears each of them.
func (r *round) watch(ctx context.Context, g *gate) {
	if !g.watch(ctx) {
		return
	}
	select {
	case r.news <- news{g, died}:
	case <-ctx.Done():
	}
}

func (r *round) sayWaiting(say func(release.EventType, string)) {
	waiting := r.in(waits)
	if len(waiting) == 0 {
		return
	}
	line := waiting[0].waitingLine()
	if n := len(waiting) - 1; n > 0 {
		line += fmt.Sprintf(" (%d more not ready)", n)
	}
	say(release.EventProgress, line)
}

func (r *round) passed() bool { return len(r.in(ready)) == len(r.gates) }

// failures picks the gate the error tells about: a container that ended says
// more than one that was waited for in vain. The others are those not ready.
func (r *round) failures() (failed *gate, others []*gate) {
	failed = slices.Concat(r.in(died), r.in(barred), r.in(late), r.gates)[0]
	for _, g := range r.gates {
		if g != failed && g.state != ready {
			others = append(others, g)
		}
	}
	return failed, others
}

func (r *round) in(s state) []*gate {
	var in []*gate
	for _, g := range r.gates {
		if g.state == s {
			in = append(in, g)
		}
	}
	return in
}
