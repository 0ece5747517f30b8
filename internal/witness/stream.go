package witness

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"teal/internal/release"
)

// acceptKey is the fixed part of the handshake's answer (RFC 6455 section
// 1.3).
const acceptKey = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// closeLimit is how long the server's close frame is waited for after ours.
const closeLimit = 2 * time.Second

// look is how often a stream that waits for its next message looks whether
// the load is being stopped.
const look = 50 * time.Millisecond

// stream opens a WebSocket and talks until the load stops, the server ends
// it, or it breaks. It is entered once, at its end. It reports whether the
// server did its part.
func (c *client) stream(path string) bool {
	c.hangUp()
	defer c.hangUp()
	if !c.connect(WebSocket, path) {
		return false
	}
	began := time.Now()
	c.conn.SetDeadline(began.Add(c.load.Timeout))
	resp, err := c.handshake(path)
	if err != nil {
		c.lose(WebSocket, outcomeOf(err), fmt.Sprintf("websocket %s: %s during the handshake", path, wording(err)))
		return false
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return c.denied(path, resp)
	}
	s := &stream{conn: c.conn, color: colorOf(resp), began: began}
	e := s.end(path, s.talk(c))
	c.tally.enter(e)
	return e.outcome == answered
}

// handshake asks for the upgrade and checks the answer's proof.
func (c *client) handshake(path string) (*http.Response, error) {
	key := make([]byte, 16)
	rand.Read(key) // never fails (crypto/rand)
	nonce := base64.StdEncoding.EncodeToString(key)
	head := c.head("GET", path, c.newID(), "Connection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+nonce+"\r\n")
	if _, err := c.conn.Write(head); err != nil {
		return nil, err
	}
	resp, err := c.response()
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err
	}
	proof := sha1.Sum([]byte(nonce + acceptKey))
	if resp.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(proof[:]) {
		return nil, errors.New("the server's Sec-WebSocket-Accept is not the answer to our key")
	}
	return resp, nil
}

// denied enters an answer that isn't an upgrade: the application's word, a
// failure only from 500 on.
func (c *client) denied(path string, resp *http.Response) bool {
	e := ending{kind: WebSocket, outcome: answered, color: colorOf(resp)}
	if resp.StatusCode >= 500 {
		e.outcome = failed
		e.words = stamp(fmt.Sprintf("websocket %s answered %d", path, resp.StatusCode))
	}
	c.tally.enter(e)
	return e.outcome == answered
}

// stream is a WebSocket that stands.
type stream struct {
	conn   *conn
	color  release.Color
	began  time.Time
	echoes int
}

// The ways a stream ends that are not its breaking.
var (
	errStopped = errors.New("the load was stopped")
	errClosed  = errors.New("the server closed the stream")
)

// end judges how a stream ended. What ends without a close frame, while we did
// not ask for its end, was cut.
func (s *stream) end(path string, err error) ending {
	e := ending{kind: WebSocket, outcome: answered, color: s.color}
	switch {
	case errors.Is(err, errStopped):
	case errors.Is(err, errClosed):
		e.closed = true
	default:
		e.outcome = cut
		e.words = stamp(fmt.Sprintf("websocket %s: %s after %.1f s and %d echoes, %s",
			path, wording(err), time.Since(s.began).Seconds(), s.echoes, s.conn.story()))
	}
	return e
}

// talk sends messages and reads their echoes. It returns errStopped, errClosed
// or what broke the stream.
func (s *stream) talk(c *client) error {
	for {
		message := filled(c.newID(), c.group.Size)
		s.conn.SetDeadline(time.Now().Add(c.load.Timeout))
		if _, err := s.conn.Write(masked(opText, message)); err != nil {
			return s.lastWord(err)
		}
		if err := s.readEcho(string(message)); err != nil {
			return err
		}
		s.echoes++
		if err := s.rest(c, time.Now().Add(c.group.Think)); err != nil {
			return err
		}
	}
}

// lastWord looks for a close frame behind a failed write: it may have come
// before the connection was closed.
func (s *stream) lastWord(writeErr error) error {
	for {
		if _, err := s.next(); errors.Is(err, errClosed) {
			return err
		} else if err != nil {
			return writeErr
		}
	}
}

// readEcho reads until the message comes back; other messages are the
// server's own business.
func (s *stream) readEcho(message string) error {
	for {
		got, err := s.next()
		if err != nil {
			return err
		}
		if got == message {
			return nil
		}
	}
}

// rest waits until the next message is due. It listens meanwhile, so that a
// ping is answered and an end is seen when it happens.
func (s *stream) rest(c *client, due time.Time) error {
	for now := time.Now(); now.Before(due); now = time.Now() {
		if c.soft.Err() != nil {
			break
		}
		s.conn.SetReadDeadline(now.Add(min(look, due.Sub(now))))
		_, err := s.conn.in.Peek(1)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		s.conn.SetDeadline(time.Now().Add(c.load.Timeout))
		if err == nil {
			_, err = s.frame()
		}
		if err != nil {
			return err
		}
	}
	if c.soft.Err() != nil {
		return s.leave()
	}
	return nil
}

// leave closes the stream as we asked for it; what the server answers no
// longer matters.
func (s *stream) leave() error {
	s.conn.SetDeadline(time.Now().Add(closeLimit))
	if _, err := s.conn.Write(masked(opClose, closeNormal)); err != nil {
		return errStopped
	}
	for {
		if _, err := s.next(); err != nil {
			return errStopped
		}
	}
}

// next reads one whole message, answering pings on the way.
func (s *stream) next() (string, error) {
	var message []byte
	for len(message) <= frameLimit {
		f, err := s.frame()
		if err != nil {
			return "", err
		}
		if f.op > opBinary {
			continue
		}
		message = append(message, f.payload...)
		if f.fin {
			return string(message), nil
		}
	}
	return "", errors.New("the server sent a message without end")
}

// frame reads one frame and does what a control frame asks for.
func (s *stream) frame() (frame, error) {
	f, err := readFrame(s.conn.in)
	if err != nil {
		return frame{}, err
	}
	switch f.op {
	case opPing:
		_, err = s.conn.Write(masked(opPong, f.payload))
	case opClose:
		// The reply is a courtesy: the stream has ended in order already.
		_, _ = s.conn.Write(masked(opClose, f.payload))
		if code, ok := orderly(f.payload); !ok {
			return f, fmt.Errorf("the server closed the stream with code %d", code)
		}
		return f, errClosed
	}
	return f, err
}
