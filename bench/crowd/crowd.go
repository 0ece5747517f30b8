// Package crowd is clients of which none sends a request twice, and who judges
// what they saw: the same for every proxy that is measured.
package crowd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"teal/bench/machine"
	"teal/internal/release"
)

// Call is one request of a client that never sends one twice.
type Call struct {
	Begun, Ended time.Time     // before its first byte was written, after the answer's last was read
	Color        release.Color // who answered, None if nobody did
}

// Crowd is clients with a kept connection each, one request after the other:
// POSTs, which no proxy may repeat.
type Crowd struct {
	addr  string
	think time.Duration
	wait  sync.WaitGroup
	stop  context.CancelFunc
	calls [][]Call // by client
	sent  atomic.Int64
}

// Dial starts count clients.
func Dial(ctx context.Context, addr string, count int, think time.Duration) *Crowd {
	ctx, stop := context.WithCancel(ctx)
	c := &Crowd{addr: addr, think: think, stop: stop, calls: make([][]Call, count)}
	for n := range count {
		c.wait.Go(func() { c.calls[n] = c.client(ctx) })
	}
	return c
}

// Sent is how many requests have had their outcome.
func (c *Crowd) Sent() int { return int(c.sent.Load()) }

// HangUp lets the requests under way end and returns all of them.
func (c *Crowd) HangUp() []Call {
	c.stop()
	c.wait.Wait()
	var all []Call
	for _, one := range c.calls {
		all = append(all, one...)
	}
	return all
}

func (c *Crowd) client(ctx context.Context) (calls []Call) {
	w := &wire{addr: c.addr}
	defer w.close()
	for machine.Pause(ctx, c.think) {
		one := Call{Begun: time.Now()}
		answer, err := w.post()
		one.Ended = time.Now()
		if err == nil {
			one.Color = answer
		}
		calls = append(calls, one)
		c.sent.Add(1)
	}
	return calls
}

// answerLimit is how long a client waits before it counts a request as lost.
const answerLimit = 10 * time.Second

// wire is a client's connection, made when there is none.
type wire struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
}

// post sends one request and returns who answered it. After an error the
// connection is given up.
func (w *wire) post() (release.Color, error) {
	c, again, err := w.exchange()
	if err != nil || !again {
		w.close()
	}
	return c, err
}

func (w *wire) exchange() (c release.Color, again bool, err error) {
	if err := w.open(); err != nil {
		return release.None, false, err
	}
	if err := w.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return release.None, false, err
	}
	if _, err := io.WriteString(w.conn, "POST / HTTP/1.1\r\nHost: bench.test\r\nContent-Length: 4\r\n\r\nbody"); err != nil {
		return release.None, false, err
	}
	res, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return release.None, false, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return release.None, false, err
	}
	if res.StatusCode != http.StatusOK {
		return release.None, false, fmt.Errorf("answered %d", res.StatusCode)
	}
	c, err = release.ParseColor(string(body))
	return c, !res.Close, err
}

func (w *wire) open() error {
	if w.conn != nil {
		return nil
	}
	conn, err := net.DialTimeout("tcp", w.addr, answerLimit)
	if err != nil {
		return err
	}
	w.conn, w.in = conn, bufio.NewReader(conn)
	return nil
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
