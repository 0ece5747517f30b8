package witness

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"teal/internal/release"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deed is what the server does with a request it has read.
type deed string

const (
	answers    deed = "answers"
	echoes     deed = "echoes"     // answers with the body
	says502    deed = "says 502"   // a complete answer of a proxy
	says404    deed = "says 404"   // a complete answer of the application
	closes     deed = "closes"     // answers and says Connection: close
	leaves     deed = "leaves"     // answers and closes without a word
	resets     deed = "resets"     // RST instead of an answer
	hangsUp    deed = "hangs up"   // FIN instead of an answer
	halves     deed = "halves"     // half of an answer, then FIN
	mutes      deed = "mutes"      // never answers
	confuses   deed = "confuses"   // answers with an id of another request
	interrupts deed = "interrupts" // answers 413 after the head, before the body
	breaksOff  deed = "breaks off" // RST in the middle of the body
)

// ledger is a server that does as it is told and keeps books.
type ledger struct {
	t      *testing.T
	addr   string
	deedOf func(n int) deed
	began  chan struct{} // one for each request whose head was read

	mu    sync.Mutex
	seen  map[string]int // requests read, by id
	done  map[deed]int
	sizes []int64
	hosts map[string]int
	paths map[string]int
	conns map[net.Conn]bool

	accepted int
}

func serve(t *testing.T, deedOf func(n int) deed) *ledger {
	t.Helper()
	return serveOver(t, false, deedOf)
}

// serveOver serves over TLS where that is wanted.
func serveOver(t *testing.T, secure bool, deedOf func(n int) deed) *ledger {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &ledger{
		t: t, addr: l.Addr().String(), deedOf: deedOf, began: make(chan struct{}, 1<<20),
		seen: map[string]int{}, done: map[deed]int{}, hosts: map[string]int{}, paths: map[string]int{}, conns: map[net.Conn]bool{},
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.keep(c, true)
			serving.Go(func() { b.connection(wired(c, secure)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		b.closeAll()
		serving.Wait()
	})
	return b
}

func (b *ledger) keep(c net.Conn, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if open {
		b.conns[c] = true
		b.accepted++
	} else {
		delete(b.conns, c)
	}
}

func (b *ledger) closeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.conns {
		c.Close()
	}
}

// wire is a connection as the server has it.
type wire struct {
	net.Conn
	tcp *net.TCPConn
}

func wired(c net.Conn, secure bool) wire {
	w := wire{c, c.(*net.TCPConn)}
	if secure {
		w.Conn = tls.Server(c, certified())
	}
	return w
}

// reset ends the connection as a crash does: nothing that TLS would say first.
func (w wire) reset() {
	w.tcp.SetLinger(0)
	w.tcp.Close()
}

// certified is a server's side, with the certificate that httptest brings.
var certified = sync.OnceValue(func() *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"http/1.1"}}
})

func (b *ledger) connection(c wire) {
	defer b.keep(c.tcp, false)
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		b.began <- struct{}{}
		if !b.handle(c, req) {
			return
		}
	}
}

// handle does the request's deed and reports whether the connection goes on.
func (b *ledger) handle(c wire, req *http.Request) bool {
	id := req.Header.Get("X-Witness-Id")
	d := b.book(req, id)
	var body []byte
	switch d {
	case interrupts:
		say(c, "413 Too Large", "Connection: close\r\n", "too large")
		return false
	case breaksOff:
		io.ReadFull(req.Body, make([]byte, 10))
		c.reset()
		return false
	default:
		body, _ = io.ReadAll(req.Body)
	}
	b.mu.Lock()
	b.sizes = append(b.sizes, int64(len(body)))
	b.mu.Unlock()
	return act(c, d, body)
}

func (b *ledger) book(req *http.Request, id string) deed {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, count := range b.done {
		n += count
	}
	d := b.deedOf(n)
	b.seen[id]++
	b.done[d]++
	b.hosts[req.Host]++
	b.paths[req.RequestURI]++
	return d
}

func act(c wire, d deed, body []byte) bool {
	switch d {
	case answers:
		say(c, "200 OK", "X-Teal-Color: blue\r\n", "ok")
	case echoes:
		say(c, "200 OK", "X-Teal-Color: green\r\n", string(body))
	case says502:
		say(c, "502 Bad Gateway", "", "bad gateway")
	case says404:
		say(c, "404 Not Found", "", "nothing here")
	case closes:
		say(c, "200 OK", "Connection: close\r\n", "ok")
		return false
	case leaves:
		say(c, "200 OK", "", "ok")
		return false
	case resets:
		c.reset()
		return false
	case hangsUp:
		return false
	case halves:
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot a hundred")
		return false
	case mutes:
		io.Copy(io.Discard, c)
		return false
	case confuses:
		say(c, "200 OK", "", idPrefix+"of-another-request")
	}
	return true
}

func say(c net.Conn, status, header, body string) {
	fmt.Fprintf(c, "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(body), body)
}

// count is how often the server did one of the deeds.
func (b *ledger) count(deeds ...deed) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, d := range deeds {
		n += b.done[d]
	}
	return n
}

// nothingTwice checks that no request was sent a second time.
func (b *ledger) nothingTwice() int {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, times := range b.seen {
		if times != 1 || id == "" {
			b.t.Errorf("request %q came %d times", id, times)
		}
	}
	return len(b.seen)
}

// soFar is what was seen up to now; requests in flight aren't in it yet.
func (r *Running) soFar() release.Witnessed { return r.tally.witnessed() }

// until waits for something to become true, which takes far less than its
// limit.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for !is() {
		select {
		case <-limit:
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

// addsUp checks that each request has exactly one outcome.
func addsUp(t *testing.T, w release.Witnessed) {
	t.Helper()
	if sum := w.Answered + w.Failed + w.Reset + w.Refused + w.Timeout + w.Cut; sum != w.Sent {
		t.Errorf("outcomes add up to %d, sent %d: %+v", sum, w.Sent, w)
	}
	kinds := 0
	for _, n := range w.ByKind {
		kinds += n
	}
	if kinds != w.Sent {
		t.Errorf("kinds add up to %d, sent %d", kinds, w.Sent)
	}
}

func equal(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}
