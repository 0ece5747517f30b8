package load

import (
	"errors"
	"fmt"
	"time"
)

// piecePause is the pause between two pieces of a slow body.
const piecePause = 50 * time.Millisecond

// dots is what bodies are made of.
var dots = func() []byte {
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = '.'
	}
	return b
}()

// errEarly says that the server spoke before the request was complete.
var errEarly = errors.New("the server answered before the body was complete")

// upload sends a body in even pieces over its time. The application counts its
// bytes.
func (c *client) upload() bool {
	id := c.next()
	c.hangUp()
	if err := c.connect(); err != nil {
		return c.refuse(id, err)
	}
	began := time.Now()
	c.limit(c.group.Over)
	err := c.write(fmt.Sprintf("POST /upload?size=%d HTTP/1.1\r\nHost: %s\r\nX-Id: %s\r\nContent-Length: %d\r\n\r\n", c.group.Size, c.load.Host, id, c.group.Size))
	if err == nil {
		err = c.trickle()
	}
	if err == nil {
		c.limit(0)
	}
	if err == nil || errors.Is(err, errEarly) {
		err = errors.Join(err, c.receive(id))
	}
	return c.end(id, began, err)
}

func (c *client) trickle() error {
	pieces := max(1, int(c.group.Over/piecePause))
	size := (c.group.Size + pieces - 1) / pieces
	for rest := c.group.Size; rest > 0; {
		if !pause(c.soft, piecePause) {
			size = rest
		}
		if c.conn.state() != silent {
			return errEarly
		}
		for now := min(size, rest); now > 0; {
			n, err := c.conn.Write(dots[:min(now, len(dots))])
			if err != nil {
				return err
			}
			now, rest = now-n, rest-n
		}
	}
	return nil
}
