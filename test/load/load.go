// Package load is clients that count every request they send and retry none,
// and the application that they send to, which keeps a ledger of what it was
// asked to do. Together they tell what was lost on the way, and what came
// twice.
//
// Invariant: each request is written at most once, to one connection, and has
// exactly one outcome. A request with an id of its own is in the clients'
// record with that outcome, and in the ledger as often as the application did
// its work; Audit compares the two.
package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what a client does.
type Kind string

// The kinds. Post, Pipelined, HTTP2 and Upload carry ids for the ledger.
const (
	Get       Kind = "get"        // keep-alive GET
	Post      Kind = "post"       // keep-alive POST
	Pipelined Kind = "pipelined"  // POSTs written together, their answers read in order
	HTTP2     Kind = "http/2"     // POSTs side by side on a few connections
	Upload    Kind = "upload"     // POST whose body takes its time
	WebSocket Kind = "websocket"  // echoes until the server ends it
	Events    Kind = "sse"        // event stream until the server ends it
	Chunks    Kind = "chunks"     // download in chunks over a time
	Fresh     Kind = "connection" // POST on a connection of its own
)

// Group is a number of clients that do the same.
type Group struct {
	Kind    Kind
	TLS     bool
	Clients int           // closed loop: clients with a request each at most
	Think   time.Duration // closed loop: the mean pause between two requests, half to one and a half of it
	Rate    int           // open loop, instead of Clients: requests a second, begun whatever became of others
	Size    int           // Upload: bytes of the body
	Over    time.Duration // Upload, WebSocket, Events, Chunks: how long it takes; Post: time in the application
	Once    bool          // each client sends one request alone
}

// Load is what is sent, and where to.
type Load struct {
	Plain, Secure string        // addresses: host:port
	Host          string        // Host header, and the name in the handshake
	Timeout       time.Duration // longest wait for an answer beyond its Over; 0 means 15 s
	Groups        []Group
}

// Running is a load under way.
type Running struct {
	load    Load
	soft    context.Context // ends when no new request may begin
	hard    context.Context // ends when those in flight are given up
	ease    context.CancelFunc
	abort   context.CancelFunc
	clients sync.WaitGroup
	tally   *tally
	record  *record
	trunks  []*trunk
	streams atomic.Int64
}

// Start begins the load. Stop, or the end of ctx, ends it.
func Start(ctx context.Context, l Load) *Running {
	if l.Timeout <= 0 {
		l.Timeout = 15 * time.Second
	}
	r := &Running{load: l, tally: newTally(), record: newRecord()}
	r.soft, r.ease = context.WithCancel(ctx)
	r.hard, r.abort = context.WithCancel(context.WithoutCancel(ctx))
	for _, g := range l.Groups {
		r.join(g)
	}
	return r
}

// abreast is how many clients of HTTP/2 share a connection.
const abreast = 8

func (r *Running) join(g Group) {
	if g.Rate > 0 {
		r.clients.Go(func() { r.open(g) })
		return
	}
	var shared *trunk
	for n := range g.Clients {
		if g.Kind == HTTP2 && n%abreast == 0 {
			shared = newTrunk(r.load)
			r.trunks = append(r.trunks, shared)
		}
		c := r.client(g)
		c.trunk = shared
		r.clients.Go(c.closed)
	}
}

// Stop begins no further request, lets those in flight come to their end and
// tells what was seen. Uploads send the rest of their body at once, streams
// are left.
func (r *Running) Stop() Report {
	r.ease()
	return r.Wait()
}

// Wait is Stop without hurrying anyone: for clients that send once.
func (r *Running) Wait() Report {
	r.clients.Wait()
	r.ease()
	r.abort()
	for _, t := range r.trunks {
		t.close()
	}
	return r.tally.report(r.record)
}

// Streams is how many streams have begun and not ended.
func (r *Running) Streams() int { return int(r.streams.Load()) }

// SoFar is what was seen up to now.
func (r *Running) SoFar() Report { return r.tally.report(r.record) }

// Sent is how many requests have had an outcome so far.
func (r *Running) Sent() int { return int(r.tally.sent.Load()) }

// numbers gives every client of the process a number of its own.
var numbers atomic.Uint32

// client sends one request after the other. Only its own goroutine uses it.
type client struct {
	*Running
	group  Group
	number uint32
	turn   uint32
	conn   *conn  // nil while it has none
	trunk  *trunk // HTTP2 alone
}

func (r *Running) client(g Group) *client {
	return &client{Running: r, group: g, number: numbers.Add(1)}
}

// next is an id that no other request has.
func (c *client) next() ID {
	c.turn++
	return ID{c.number, c.turn}
}

// once sends one request, or one batch, and reports whether all was well.
func (c *client) once(intended time.Time) bool {
	switch c.group.Kind {
	case Pipelined:
		return c.batch()
	case HTTP2:
		return c.stream2(intended)
	case Upload:
		return c.upload()
	case WebSocket:
		return c.socket()
	case Events:
		return c.events()
	case Fresh:
		c.hangUp()
		defer c.hangUp()
	}
	return c.exchange(intended)
}

func (c *client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
