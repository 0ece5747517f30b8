package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// trunk is a connection of HTTP/2 that several clients share. It is a single
// connection of net/http's, which sends no request again.
type trunk struct {
	load Load
	make *http.Transport
	mu   sync.Mutex
	conn *http.ClientConn // nil while there is none
	used int
	old  []*http.ClientConn
}

// trunkLimit is after how many requests a connection is given up: far from
// where nginx would (keepalive_requests).
const trunkLimit = 2000

func newTrunk(l Load) *trunk {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	return &trunk{load: l, make: &http.Transport{TLSClientConfig: l.trust("h2"), Protocols: protocols}}
}

// get is a connection that a request can be sent on.
func (t *trunk) get(ctx context.Context) (*http.ClientConn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil && (t.conn.Err() != nil || t.conn.Available() == 0 || t.used >= trunkLimit) {
		t.old = append(t.old, t.conn)
		t.conn = nil
	}
	if t.conn == nil {
		made, err := t.make.NewClientConn(ctx, "https", t.load.Secure)
		if err != nil {
			return nil, err
		}
		t.conn, t.used = made, 0
	}
	t.used++
	return t.conn, nil
}

func (t *trunk) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil {
		t.old = append(t.old, t.conn)
	}
	for _, conn := range t.old {
		conn.Close()
	}
}

var errDeclined = errors.New("the server has not begun it")

// declined reports whether a request was certainly not begun: net/http says so
// of one beyond the last stream of a GOAWAY, and of one for which the
// connection's end had come before it was written. It has no name for either.
func declined(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "graceful shutdown GOAWAY") || strings.Contains(err.Error(), "client conn not usable"))
}

// stream2 sends one POST on the shared connection.
func (c *client) stream2(intended time.Time) bool {
	id := c.next()
	ctx, cancel := context.WithTimeout(c.hard, c.load.Timeout)
	defer cancel()
	conn, err := c.trunk.get(ctx)
	if err != nil {
		return c.refuse(id, err)
	}
	return c.end(id, intended, c.over(ctx, conn, id))
}

func (c *client) over(ctx context.Context, conn *http.ClientConn, id ID) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.load.Host+"/post", strings.NewReader(id.String()))
	if err != nil {
		return err
	}
	req.GetBody = nil // so that nobody can send it again
	req.Header.Set("X-Id", id.String())
	res, err := conn.RoundTrip(req)
	if declined(err) {
		return fmt.Errorf("%w: %w", errDeclined, err)
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.ProtoMajor != 2 {
		return errors.New("not HTTP/2 but " + res.Proto)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return judge(id, res, string(body))
}
