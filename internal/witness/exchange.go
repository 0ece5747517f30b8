package witness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"teal/internal/release"
)

// ColorHeader is the answer's header that names the color it came from.
const ColorHeader = "X-Teal-Color"

// request is what is sent once.
type request struct {
	kind Kind
	path string
	id   string
	head []byte
	body []byte
	over time.Duration // the time the body takes
}

func (c *client) request(path string) request {
	r := request{kind: c.group.Kind, path: path, id: c.newID()}
	if r.kind == Get {
		r.head = c.head("GET", path, r.id, "")
		return r
	}
	r.body = filled(r.id, c.group.Size)
	if r.kind == Upload {
		r.over = c.group.Over
	}
	r.head = c.head("POST", path, r.id,
		fmt.Sprintf("Content-Type: text/plain\r\nContent-Length: %d\r\n", len(r.body)))
	return r
}

func (c *client) head(method, path, id, more string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: teal-witness\r\nAccept: */*\r\nX-Witness-Id: %s\r\n%s\r\n",
		method, path, c.load.Host, id, more)
}

// exchange sends the request once, whatever happens, and enters its outcome.
// It reports whether the request was answered.
func (c *client) exchange(r request) bool {
	if !c.connect(r.kind, r.path) {
		return false
	}
	began := time.Now()
	c.conn.SetDeadline(began.Add(r.over + c.load.Timeout))
	err := c.send(r)
	resp, body, err := c.receive(err)
	if err != nil {
		c.lose(r.kind, outcomeOf(err), fmt.Sprintf("%s %s: %s %d ms after it began, %s",
			r.kind, r.path, wording(err), time.Since(began).Milliseconds(), c.conn.story()))
		return false
	}
	c.answer(r, resp, body, began)
	return true
}

// connect makes sure of a connection that can be sent on; where none can be
// made the request counts as refused.
func (c *client) connect(kind Kind, path string) bool {
	if c.conn != nil && c.conn.usable() {
		return true
	}
	c.hangUp()
	conn, err := c.dial()
	if err != nil {
		c.lose(kind, refused, fmt.Sprintf("%s %s: %s", kind, path, wording(err)))
		return false
	}
	c.conn = conn
	return true
}

func (c *client) lose(kind Kind, o outcome, words string) {
	c.tally.enter(ending{kind: kind, outcome: o, words: stamp(words)})
	c.hangUp()
}

func stamp(words string) string { return time.Now().Format("15:04:05.000 ") + words }

func (c *client) send(r request) error {
	if r.over <= 0 {
		_, err := c.conn.Write(append(r.head, r.body...))
		return err
	}
	if _, err := c.conn.Write(r.head); err != nil {
		return err
	}
	return c.trickle(r)
}

// piecePause is the pause between two pieces of a slow body.
const piecePause = 50 * time.Millisecond

// trickle sends the body in even pieces over its time. It stops early when the
// server answers early, and sends all that is left at once when the load is
// being stopped.
func (c *client) trickle(r request) error {
	pieces := max(1, int(r.over/piecePause))
	size := (len(r.body) + pieces - 1) / pieces
	for rest := r.body; len(rest) > 0; {
		if !pause(c.soft, r.over/time.Duration(pieces)) {
			size = len(rest)
		}
		if c.conn.spoke() {
			return errEarly
		}
		n := min(size, len(rest))
		if _, err := c.conn.Write(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// errEarly says that the server spoke before the request was complete.
var errEarly = errors.New("the server answered before the body was complete")

// bodyKept is how much of an answer is looked at; the rest is read and
// dropped.
const bodyKept = 4 << 10

// receive reads the complete answer. After a failed send it still looks for
// one: a server may refuse a body, answer and close.
func (c *client) receive(sendErr error) (*http.Response, []byte, error) {
	resp, err := c.response()
	if err != nil {
		if sendErr != nil && !errors.Is(sendErr, errEarly) {
			err = sendErr
		}
		return nil, nil, err
	}
	resp.Close = resp.Close || sendErr != nil
	defer resp.Body.Close()
	var kept bytes.Buffer
	if _, err := io.CopyN(&kept, resp.Body, bodyKept); err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return resp, kept.Bytes(), err
	} else if err != io.EOF {
		return nil, nil, err
	}
	return resp, kept.Bytes(), nil
}

// response reads an answer's head, passing over interim ones (RFC 9110
// section 15.2); 101 is final.
func (c *client) response() (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(c.conn.in, nil)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
}

// answer enters a complete answer. Uploads take their time by design, so they
// aren't among the latencies.
func (c *client) answer(r request, resp *http.Response, body []byte, began time.Time) {
	e := ending{kind: r.kind, outcome: answered, color: colorOf(resp)}
	if r.kind != Upload {
		e.took = time.Since(began)
	}
	c.conn.answers++
	switch {
	case resp.StatusCode >= 500:
		e.outcome = failed
		e.words = stamp(fmt.Sprintf("%s %s answered %d, %s", r.kind, r.path, resp.StatusCode, c.conn.story()))
	case foreign(r, body):
		e.outcome = failed
		e.words = stamp(fmt.Sprintf("%s %s got the answer of another request, %s", r.kind, r.path, c.conn.story()))
	}
	c.tally.enter(e)
	if resp.Close {
		c.hangUp()
	}
}

// foreign reports whether the answer to a body with our id echoes ids, but not
// this one.
func foreign(r request, answer []byte) bool {
	return r.kind != Get && bytes.Contains(answer, []byte(idPrefix)) && !bytes.Contains(answer, []byte(r.id))
}

func colorOf(resp *http.Response) release.Color {
	c, err := release.ParseColor(resp.Header.Get(ColorHeader))
	if err != nil {
		return release.None
	}
	return c
}
