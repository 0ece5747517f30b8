package load

import (
	"strings"
	"time"
)

// batchSize is how many requests are written together, and connLimit after how
// many answers a client makes a new connection: a server that counts requests
// (nginx, keepalive_requests) drops what follows its last.
const (
	batchSize = 8
	connLimit = 80
)

// batch writes several requests at once and reads their answers, which must
// come in order (RFC 9112 section 9.3.2).
func (c *client) batch() bool {
	if c.conn != nil && c.conn.answers >= connLimit {
		c.hangUp()
	}
	var ids []ID
	var text strings.Builder
	for range batchSize {
		ids = append(ids, c.next())
		text.WriteString(c.text(ids[len(ids)-1]))
	}
	began, ok := time.Now(), true
	err := c.connect()
	if err != nil {
		for _, id := range ids {
			c.refuse(id, err)
		}
		return false
	}
	c.limit(0)
	err = c.write(text.String())
	for _, id := range ids {
		if err == nil && c.conn == nil {
			err = errGone
		}
		if err == nil {
			err = c.receive(id)
		}
		ok = c.end(id, began, err) && ok
	}
	return ok
}
