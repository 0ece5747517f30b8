package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// How a stream ends.
var (
	errEnded = errors.New("the server ended it in order")
	errLeft  = errors.New("the client left")
)

// socketKey is any key: what counts is the answer to it.
const socketKey = "dGhlIHNhbXBsZSBub25jZQ=="

// socket is a WebSocket that echoes until the server ends it, which counts as
// one request.
func (c *client) socket() bool {
	return c.stream("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+socketKey+"\r\n", "/ws", c.talk)
}

// events is an event stream until its last event.
func (c *client) events() bool {
	return c.stream("Accept: text/event-stream\r\n", "/events", c.listen)
}

// stream opens one and stays until it ends. Only what the server ends in order
// has reached its end.
func (c *client) stream(header, path string, stay func(ID, *http.Response) error) bool {
	id := c.next()
	c.hangUp()
	defer c.hangUp()
	if err := c.connect(); err != nil {
		return c.refuse(id, err)
	}
	began := time.Now()
	c.limit(c.group.Over)
	err := c.write(fmt.Sprintf("GET %s?for=%s HTTP/1.1\r\nHost: %s\r\nX-Id: %s\r\n%s\r\n", path, c.group.Over, c.load.Host, id, header))
	if err != nil {
		return c.end(id, began, err)
	}
	res, err := http.ReadResponse(c.conn.in, nil)
	if err != nil {
		return c.end(id, began, err)
	}
	c.streams.Add(1)
	defer c.streams.Add(-1)
	return c.parted(id, began, stay(id, res))
}

func (c *client) parted(id ID, began time.Time, err error) bool {
	switch {
	case errors.Is(err, errEnded):
		c.enter(id, Answered, 0, "")
	case errors.Is(err, errLeft):
		c.enter(id, Left, 0, "")
	case errors.Is(err, errOther):
		return c.end(id, began, err)
	default:
		c.enter(id, Cut, 0, fmt.Sprintf("%s %s: %s, %d ms after it began%s", c.group.Kind, id, wording(err), time.Since(began).Milliseconds(), c.story()))
		return false
	}
	return true
}

// talk sends messages and reads their echoes.
func (c *client) talk(id ID, res *http.Response) error {
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Sec-WebSocket-Accept") != accept(socketKey) {
		return fmt.Errorf("%w: %s", errOther, res.Status)
	}
	for n := 1; ; n++ {
		if c.soft.Err() != nil {
			_ = c.write(string(frame(opClose, closeNormal, true)))
			return errLeft
		}
		text := fmt.Sprintf("%s %d", id, n)
		if err := c.write(string(frame(opText, text, true))); err != nil {
			return c.lastWord(err)
		}
		op, echo, err := readFrame(c.conn.in)
		switch {
		case err != nil:
			return err
		case op == opClose && echo == closeNormal:
			return errEnded
		case op != opText || echo != text:
			return fmt.Errorf("%w: %q to %q", errOther, echo, text)
		}
		pause(c.soft, c.group.Think)
	}
}

// lastWord looks for a close frame behind a failed write: it may have come
// before the connection was closed.
func (c *client) lastWord(failed error) error {
	if op, text, err := readFrame(c.conn.in); err == nil && op == opClose && text == closeNormal {
		return errEnded
	}
	return failed
}

// listen reads numbered events, of which none may be missing, to the last.
func (c *client) listen(id ID, res *http.Response) error {
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errOther, res.Status)
	}
	lines := bufio.NewReader(res.Body)
	for n := 1; ; {
		line, err := lines.ReadString('\n')
		switch {
		case c.soft.Err() != nil:
			return errLeft
		case err != nil:
			return err
		case line == fmt.Sprintf("data: %d\n", n):
			n++
		case line == fmt.Sprintf("data: %s done\n", id):
			return wholly(lines)
		case strings.HasPrefix(line, "data:"):
			return fmt.Errorf("%w: %q instead of event %d", errOther, line, n)
		}
	}
}

// wholly reads the rest of a body that must end in order.
func wholly(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	return errEnded
}
