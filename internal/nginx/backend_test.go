package nginx

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"teal/internal/release"
)

// backend is one color of the application.
type backend struct {
	color    release.Color
	at       netip.AddrPort
	server   *http.Server
	received atomic.Int64
	refuse   atomic.Bool // break connections without an answer
	status   atomic.Int64
	gate     chan struct{}
	once     sync.Once
}

// play starts a color at the address, on a free port if it has none.
func play(t *testing.T, c release.Color, at netip.AddrPort) *backend {
	t.Helper()
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{color: c, at: l.Addr().(*net.TCPAddr).AddrPort(), gate: make(chan struct{})}
	b.server = &http.Server{Handler: http.HandlerFunc(b.serve)}
	go b.server.Serve(l)
	t.Cleanup(b.stop)
	return b
}

// stop is the end of the color's containers.
func (b *backend) stop() {
	b.letGo()
	_ = b.server.Close()
}

// letGo ends all requests that are held.
func (b *backend) letGo() { b.once.Do(func() { close(b.gate) }) }

// serve answers, where it knows no better, with the target as it came.
func (b *backend) serve(w http.ResponseWriter, r *http.Request) {
	b.received.Add(1)
	if b.refuse.Load() {
		panic(http.ErrAbortHandler)
	}
	known := map[string]http.HandlerFunc{
		"/color": b.tell, "/hold": b.hold, "/upload": b.upload,
		"/events": b.events, "/ws": b.websocket, "/headers": headers,
		"/status": b.own, "/long": long, "/header": longHeader,
	}
	if answer, ok := known[r.URL.Path]; ok {
		answer(w, r)
		return
	}
	fmt.Fprint(w, r.RequestURI)
}

// headers tells what headers came.
func headers(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "Host: %s\n", r.Host)
	for name, values := range r.Header {
		fmt.Fprintf(w, "%s: %s\n", name, strings.Join(values, ", "))
	}
}

// own is an error of the application's.
func (b *backend) own(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(int(b.status.Load()))
	fmt.Fprint(w, "the application's own")
}

func long(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, strings.Repeat("[1,2,3]", 2000))
}

func longHeader(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Long", strings.Repeat("x", 20000))
}

func (b *backend) tell(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	fmt.Fprint(w, b.color)
}

func (b *backend) hold(w http.ResponseWriter, r *http.Request) {
	select {
	case <-b.gate:
	case <-r.Context().Done():
	}
	fmt.Fprint(w, b.color)
}

func (b *backend) upload(w http.ResponseWriter, r *http.Request) {
	n, _ := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%s %d", b.color, n)
}

func (b *backend) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "data: %s\n\n", b.color)
	w.(http.Flusher).Flush()
	b.hold(w, r)
}

// websocket upgrades and then sends back every line it gets, with its color.
func (b *backend) websocket(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "upgrade" {
		http.Error(w, "not an upgrade", http.StatusBadRequest)
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	for rw.Flush() == nil {
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprintf(rw, "%s %s", b.color, line)
	}
}
