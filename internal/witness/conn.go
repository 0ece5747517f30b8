package witness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a connection a client owns. net/http's client is no use here: it
// sends an idempotent request again when a reused connection turns out to be
// closed (Transport, shouldRetryRequest), and so hides what is to be seen.
type conn struct {
	net.Conn // the TLS over raw, or raw itself
	raw      net.Conn
	in       *bufio.Reader
	limit    time.Time // the deadline that was set last
	born     time.Time
	answers  int
	unhook   func() bool
}

// dialLimit bounds the making of a connection, its handshake included.
const dialLimit = 5 * time.Second

func (r *Running) dial() (*conn, error) {
	ctx, cancel := context.WithTimeout(r.hard, min(dialLimit, r.load.Timeout))
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", r.load.Target)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, raw: raw, born: time.Now()}
	if r.load.TLS {
		if c.Conn, err = shaken(ctx, raw, r.load.Host); err != nil {
			raw.Close()
			return nil, err
		}
	}
	c.in = bufio.NewReader(c.Conn)
	// A deadline in the past wakes whatever waits on the connection.
	c.unhook = context.AfterFunc(r.hard, func() { raw.SetDeadline(time.Unix(1, 0)) })
	return c, nil
}

// SetDeadline bounds reading and writing.
func (c *conn) SetDeadline(limit time.Time) error {
	c.limit = limit
	return c.Conn.SetDeadline(limit)
}

func (c *conn) Close() error {
	c.unhook()
	return c.Conn.Close()
}

// usable reports whether a request may be sent: the server has neither closed
// the connection nor said anything unasked. Every careful client looks, so a
// close that has already arrived loses nothing. One that is still on its way
// does, and no client can see it: that request counts as reset.
func (c *conn) usable() bool { return !c.spoke() }

// spoke reports whether the server has said something, or closed.
func (c *conn) spoke() bool {
	if c.in.Buffered() > 0 {
		return true
	}
	arrived := !errors.Is(c.peek(), syscall.EAGAIN)
	if c.Conn == c.raw {
		return arrived
	}
	return c.opened(arrived)
}

// peek looks at what has arrived without taking it: EAGAIN for nothing, nil
// for data or the end of the stream, else the connection's error.
func (c *conn) peek() error {
	socket, err := c.raw.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var seen error
	if err := socket.Control(func(fd uintptr) {
		seen = glance(fd)
	}); err != nil {
		return err
	}
	return seen
}

// story tells of the connection, for the first failure.
func (c *conn) story() string {
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	return fmt.Sprintf("on a connection %.1f s old with %d answers (local port %s)",
		time.Since(c.born).Seconds(), c.answers, port)
}

// outcomeOf sorts an exchange that failed: whatever isn't the time running
// out is a connection that broke before the answer was complete.
func outcomeOf(err error) outcome {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return timedOut
	}
	return reset
}

// wording is an error in a person's words.
func wording(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset by the server"
	case errors.Is(err, syscall.EPIPE):
		return "connection closed while sending"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "connection closed before the answer was complete"
	}
	return err.Error()
}
