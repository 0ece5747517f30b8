package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"teal/bench/spread"
	"teal/internal/probe"
	"teal/internal/release"
)

// noticeLimit is how soon readiness has to be noticed, in milliseconds.
const noticeLimit = 100

// gateRuns is how many replicas get ready.
const gateRuns = 40

// gate measures how soon the gates notice, in this process, what gets ready at
// a known moment.
func gate(ctx context.Context, b *bench) error {
	for _, kind := range []release.HealthKind{release.HealthHTTP, release.HealthTCP} {
		var took []time.Duration
		for range gateRuns {
			one, err := noticed(ctx, kind)
			if err != nil {
				return err
			}
			took = append(took, one)
		}
		b.report.add("gate", fmt.Sprintf("ready to noticed, %s, 3 answers", kind), "ms", noticeLimit, spread.Millis(took))
	}
	return nil
}

// noticed is how long after its readiness one replica passed. The moment is
// random, so that it falls anywhere between two questions.
func noticed(ctx context.Context, kind release.HealthKind) (time.Duration, error) {
	r, err := newReplica(kind, 20*time.Millisecond+rand.N(60*time.Millisecond))
	if err != nil {
		return 0, err
	}
	defer r.close()
	target := release.Target{
		Slot: release.Slot{Service: "web", Color: release.Green, Replica: 1}, Addr: r.addr, Container: running,
		Health: release.Health{Kind: kind, Path: "/healthz", Answers: 3, Timeout: 10 * time.Second, Request: 2 * time.Second},
	}
	if err := probe.New(engine{}).Healthy(ctx, []release.Target{target}, func(release.EventType, string) {}); err != nil {
		return 0, err
	}
	passed := time.Now()
	return passed.Sub(<-r.opened), nil // it passed, so it was opened
}

// replica is a server that gets ready: it answers 503 until then or, for TCP,
// does not listen.
type replica struct {
	addr   netip.AddrPort
	opened chan time.Time // gets the moment of readiness
	server *http.Server
}

func newReplica(kind release.HealthKind, after time.Duration) (*replica, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &replica{addr: l.Addr().(*net.TCPAddr).AddrPort(), opened: make(chan time.Time, 1), server: &http.Server{}}
	if kind == release.HealthTCP {
		l.Close()
		time.AfterFunc(after, r.listen)
		return r, nil
	}
	r.server.Handler = answering(time.Now().Add(after), r.opened)
	go r.server.Serve(l)
	return r, nil
}

// listen opens the port and then says so; a port that another process took
// meanwhile has no answers, and the gate runs out of time.
func (r *replica) listen() {
	l, err := net.Listen("tcp", r.addr.String())
	if err != nil {
		return
	}
	r.opened <- time.Now()
	r.server.Serve(l)
}

// answering tells the moment of readiness with the first good answer.
func answering(ready time.Time, opened chan<- time.Time) http.Handler {
	tell := sync.OnceFunc(func() { opened <- ready })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if time.Now().Before(ready) {
			http.Error(w, "warming up", http.StatusServiceUnavailable)
			return
		}
		tell()
	})
}

func (r *replica) close() { _ = r.server.Close() }

// running is the container of every replica.
var running = release.Container{ID: "bench", Running: true, Status: "running"}

// engine knows one container, which runs.
type engine struct{}

func (engine) Inspect(context.Context, string) (release.Container, error) { return running, nil }

func (engine) Exec(context.Context, string, []string) (int, string, error) { return 0, "", nil }

func (engine) Tail(context.Context, string, int) ([]string, error) { return nil, nil }
