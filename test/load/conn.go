package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a connection that one client owns.
type conn struct {
	net.Conn // the TLS over raw, or raw itself
	raw      net.Conn
	in       *bufio.Reader
	answers  int
	unhook   func() bool
}

// dialLimit bounds the making of a connection, its handshake included.
const dialLimit = 10 * time.Second

func (c *client) dial() (*conn, error) {
	ctx, cancel := context.WithTimeout(c.hard, dialLimit)
	defer cancel()
	addr := c.load.Plain
	if c.group.TLS {
		addr = c.load.Secure
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	made := &conn{Conn: raw, raw: raw}
	if c.group.TLS {
		secure := tls.Client(raw, c.load.trust("http/1.1"))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		made.Conn = secure
	}
	made.in = bufio.NewReader(made.Conn)
	// A deadline in the past wakes whatever waits on the connection.
	made.unhook = context.AfterFunc(c.hard, func() { raw.SetDeadline(time.Unix(1, 0)) })
	return made, nil
}

// trust believes every certificate: what is counted here is requests. TLS 1.2
// alone has nothing to say after its handshake, so whatever arrives on an idle
// connection is the server's word, or its end.
func (l Load) trust(protocol string) *tls.Config {
	limit := uint16(tls.VersionTLS12)
	if protocol == "h2" {
		limit = tls.VersionTLS13
	}
	return &tls.Config{
		ServerName: l.Host, InsecureSkipVerify: true, NextProtos: []string{protocol},
		MinVersion: tls.VersionTLS12, MaxVersion: limit,
	}
}

func (c *conn) Close() error {
	c.unhook()
	return c.Conn.Close()
}

// waiting is what an idle connection has to say.
type waiting int

const (
	silent waiting = iota
	closed         // the server has closed it: what is sent now would be lost
	spoken         // there are bytes nobody asked for
)

// state looks at what has arrived without taking it. Every careful client
// looks before it sends, so a close that has already arrived loses nothing.
// One that is still on its way does, and no client can see it.
func (c *conn) state() waiting {
	if c.in.Buffered() > 0 {
		return spoken
	}
	socket, err := c.raw.(syscall.Conn).SyscallConn()
	if err != nil {
		return closed
	}
	n, seen := 0, error(nil)
	if err := socket.Control(func(fd uintptr) {
		n, _, seen = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}); err != nil {
		return closed
	}
	switch {
	case errors.Is(seen, syscall.EAGAIN):
		return silent
	case seen == nil && n > 0 && c.Conn == c.raw:
		return spoken
	}
	return closed // in TLS what arrives while nothing is asked is the notice of the end
}

// connect makes sure of a connection that can be sent on.
func (c *client) connect() error {
	if c.conn != nil {
		switch c.conn.state() {
		case silent:
			return nil
		case spoken:
			c.tally.twice(fmt.Sprintf("%s: an answer too many after %d", c.group.Kind, c.conn.answers))
		}
	}
	c.hangUp()
	made, err := c.dial()
	c.conn = made
	return err
}

// outcomeOf sorts an exchange that failed.
func outcomeOf(err error) Outcome {
	switch {
	case errors.Is(err, errOther):
		return Failed
	case errors.Is(err, errDeclined):
		return Declined
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return Reset
}

// wording is an error in a person's words.
func wording(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, syscall.EPIPE):
		return "connection closed while sending"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "connection closed before the answer was complete"
	}
	return err.Error()
}
