package main

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

	"teal/internal/release"
)

// call is one request of a client that never sends one twice.
type call struct {
	begun, ended time.Time     // before its first byte was written, after the answer's last was read
	color        release.Color // who answered, None if nobody did
}

// callers are clients with a kept connection each, one request after the
// other: POSTs, which no proxy may repeat.
type callers struct {
	addr  string
	think time.Duration
	wait  sync.WaitGroup
	stop  context.CancelFunc
	calls [][]call // by client
	sent  atomic.Int64
}

// dial starts count clients.
func dial(ctx context.Context, addr string, count int, think time.Duration) *callers {
	ctx, stop := context.WithCancel(ctx)
	c := &callers{addr: addr, think: think, stop: stop, calls: make([][]call, count)}
	for n := range count {
		c.wait.Go(func() { c.calls[n] = c.client(ctx) })
	}
	return c
}

// hangUp lets the requests under way end and returns all of them.
func (c *callers) hangUp() []call {
	c.stop()
	c.wait.Wait()
	var all []call
	for _, one := range c.calls {
		all = append(all, one...)
	}
	return all
}

func (c *callers) client(ctx context.Context) (calls []call) {
	w := &wire{addr: c.addr}
	defer w.close()
	for pause(ctx, c.think) {
		one := call{begun: time.Now()}
		answer, err := w.post()
		one.ended = time.Now()
		if err == nil {
			one.color = answer
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
