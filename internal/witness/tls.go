package witness

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// shaken is the TLS over the connection, its handshake done. The certificate
// is not verified: sites have certificates of their own making, or ones for
// names that this machine resolves elsewhere, and what is counted here is
// requests lost, not trust. Nothing secret is sent.
func shaken(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	c := tls.Client(raw, &tls.Config{
		ServerName: host, InsecureSkipVerify: true,
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	})
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS handshake: %s", wording(err))
	}
	return c, nil
}

// recordLimit is how long the rest of a TLS record may take whose beginning
// has arrived.
const recordLimit = time.Millisecond

// opened reports whether what TLS has read, or what has arrived on the socket,
// is something for us, or the end. TLS has affairs of its own, such as session
// tickets (RFC 8446 section 4.6), that are no word of the server's; and its
// word that it closes may have come along with an answer, before the socket's
// end. Where nothing has arrived, a deadline in the past reads nothing.
func (c *conn) opened(arrived bool) bool {
	limit := time.Unix(1, 0)
	if arrived {
		limit = time.Now().Add(recordLimit)
	}
	c.SetReadDeadline(limit)
	_, err := c.in.Peek(1)
	c.SetReadDeadline(c.limit)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}
