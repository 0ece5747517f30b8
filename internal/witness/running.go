package witness

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"teal/internal/release"
)

// stopLimit is how long Stop lets requests in flight come to their end.
const stopLimit = 10 * time.Second

// Running is a load under way.
type Running struct {
	load    Load
	tally   *tally
	soft    context.Context // ends when no new request may begin
	hard    context.Context // ends when requests in flight are given up
	ease    context.CancelFunc
	abort   context.CancelFunc
	clients sync.WaitGroup
	ids     atomic.Int64
	name    string
}

// Start begins the load. No new request begins once Stop is called or ctx
// ends; those in flight then come to their end, so that every request that
// was sent is counted with what became of it.
func Start(ctx context.Context, load Load) *Running {
	r := &Running{load: load.withDefaults(), tally: newTally(), name: fmt.Sprintf("%x", time.Now().UnixNano())}
	r.soft, r.ease = context.WithCancel(ctx)
	r.hard, r.abort = context.WithCancel(context.WithoutCancel(ctx))
	for _, g := range r.load.Groups {
		for n := range g.Count {
			r.clients.Go(func() { r.run(g, n) })
		}
	}
	return r
}

// Stop begins no further request, waits for those in flight (10 s at most,
// then they count as timeouts) and tells what was seen. Uploads under way
// send the rest of their body at once, WebSockets close.
func (r *Running) Stop() release.Witnessed {
	r.ease()
	timer := time.AfterFunc(stopLimit, r.abort)
	r.clients.Wait()
	timer.Stop()
	r.abort()
	return r.tally.witnessed()
}

// newID is a token that no other request carries, and none is the beginning
// of another one.
func (r *Running) newID() string {
	return fmt.Sprintf("%s%s-%012d", idPrefix, r.name, r.ids.Add(1))
}

// idPrefix begins every id, so that one can be found in an answer.
const idPrefix = "teal-witness-"

// filled is the id, padded to size.
func filled(id string, size int) []byte {
	return []byte(id + "\n" + strings.Repeat(".", max(0, size-len(id)-1)))
}

// client is one of a group: its connection and its place in the paths.
type client struct {
	*Running
	group Group
	turn  int
	conn  *conn // nil when it has none
}

// afterFailure keeps a client from turning a refusal into a flood.
const afterFailure = 10 * time.Millisecond

func (r *Running) run(g Group, n int) {
	c := &client{Running: r, group: g, turn: n}
	defer c.hangUp()
	next := newPace(g, n, time.Now())
	for next.wait(r.soft) {
		if !c.once(c.path()) {
			pause(r.soft, afterFailure)
		}
	}
}

func (c *client) path() string {
	c.turn++
	return c.group.Paths[c.turn%len(c.group.Paths)]
}

// once sends one request and reports whether it was answered.
func (c *client) once(path string) bool {
	if c.group.Kind == WebSocket {
		return c.stream(path)
	}
	return c.exchange(c.request(path))
}

func (c *client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
