package load

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// errOther is an answer that is not the application's to this request.
var errOther = errors.New("another answer")

// kept reports whether requests of the kind are in the record and the ledger.
func (k Kind) kept() bool {
	return k == Post || k == Pipelined || k == HTTP2 || k == Upload || k == Fresh
}

// end enters what became of a request, and gives up a connection that broke.
func (c *client) end(id ID, began time.Time, err error) bool {
	o, words := Answered, ""
	if err != nil {
		o = outcomeOf(err)
		words = fmt.Sprintf("%s %s: %s, %d ms after it began%s", c.group.Kind, id, wording(err), time.Since(began).Milliseconds(), c.story())
		c.hangUp()
	}
	c.enter(id, o, time.Since(began), words)
	return err == nil
}

func (c *client) enter(id ID, o Outcome, took time.Duration, words string) {
	if c.group.Kind.kept() {
		c.record.enter(id, o)
	}
	c.tally.enter(c.group.Kind, o, took, words)
}

// refuse enters a request for which there was no connection.
func (c *client) refuse(id ID, err error) bool {
	c.enter(id, Refused, 0, fmt.Sprintf("%s %s: no connection: %s", c.group.Kind, id, wording(err)))
	return false
}

func (c *client) story() string {
	if c.conn == nil {
		return ""
	}
	return fmt.Sprintf(", after %d answers on the connection from %s", c.conn.answers, c.conn.LocalAddr())
}

// text is the request of an id, whole.
func (c *client) text(id ID) string {
	more := fmt.Sprintf("Host: %s\r\nX-Id: %s\r\n", c.load.Host, id)
	if c.group.Kind == Get {
		return "GET /get HTTP/1.1\r\n" + more + "\r\n"
	}
	if c.group.Kind == Chunks {
		return fmt.Sprintf("GET /chunks?over=%s HTTP/1.1\r\n%s\r\n", c.group.Over, more)
	}
	path := "/post"
	if c.group.Over > 0 {
		path += "?inside=" + c.group.Over.String()
	}
	body := id.String()
	return fmt.Sprintf("POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", path, more, len(body), body)
}

// exchange sends one request and reads its answer. intended is when it was to
// begin.
func (c *client) exchange(intended time.Time) bool {
	id := c.next()
	if err := c.connect(); err != nil {
		return c.refuse(id, err)
	}
	c.limit(c.group.Over)
	err := c.write(c.text(id))
	if err == nil {
		err = c.receive(id)
	}
	return c.end(id, intended, err)
}

func (c *client) limit(over time.Duration) {
	c.conn.SetDeadline(time.Now().Add(over + c.load.Timeout))
}

func (c *client) write(text string) error {
	_, err := io.WriteString(c.conn, text)
	return err
}

// receive reads an answer that must be the one to the id: whole, and ending
// with what the application ends it with.
func (c *client) receive(id ID) error {
	res, err := http.ReadResponse(c.conn.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	c.conn.answers++
	if err := judge(id, res, string(body)); err != nil {
		return err
	}
	if res.Close {
		c.hangUp()
	}
	return nil
}

func judge(id ID, res *http.Response, body string) error {
	if res.StatusCode != http.StatusOK || !strings.HasSuffix(body, " "+id.String()+" done\n") {
		return fmt.Errorf("%w: %d %.60q", errOther, res.StatusCode, body)
	}
	return nil
}

// errGone is the loss of requests that were written behind one whose answer
// closed the connection.
var errGone = errors.New("the connection was closed after the answer to a request before")
