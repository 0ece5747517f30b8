package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// goingAway tells a client that the server stops and it should connect again
// (RFC 6455 section 7.4.1).
const goingAway = 1001

// farewell is how long clients have to answer a close frame.
const farewell = 2 * time.Second

// sockets are the WebSockets that are open: an echo each.
type sockets struct {
	mu    sync.Mutex
	conns map[*socket]bool
	open  sync.WaitGroup
	gone  bool
}

// socket is one of them. One goroutine writes at a time, and nothing follows a
// close frame (section 5.5.1).
type socket struct {
	mu     sync.Mutex
	conn   net.Conn
	in     *bufio.Reader
	closed bool
}

func newSockets() *sockets { return &sockets{conns: map[*socket]bool{}} }

// serve answers an upgrade and echoes texts until one side closes.
func (s *sockets) serve(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		http.Error(w, "a WebSocket lives here", http.StatusUpgradeRequired)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	sock := &socket{conn: conn, in: rw.Reader}
	// The answer is written before the socket is known to goAway, so a close
	// frame never goes before it.
	if _, err := conn.Write(accept(key)); err != nil || !s.add(sock) {
		return
	}
	defer s.remove(sock)
	sock.echo()
}

// accept is the answer to the handshake (section 4.2.2).
func accept(key string) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return fmt.Appendf(nil, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
}

// add takes the socket in; a server that is going away tells it so at once.
func (s *sockets) add(sock *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		sock.send(closing(goingAway))
		return false
	}
	s.conns[sock] = true
	s.open.Add(1)
	return true
}

func (s *sockets) remove(sock *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, sock)
	s.open.Done()
}

// goAway tells every client 1001 and waits until they have answered, so that
// no stream ends without a word; who doesn't answer in time is cut.
func (s *sockets) goAway() {
	s.mu.Lock()
	s.gone = true
	for sock := range s.conns {
		sock.conn.SetReadDeadline(time.Now().Add(farewell))
		sock.send(closing(goingAway))
	}
	s.mu.Unlock()
	s.open.Wait()
}

// echo answers until the client closes or the connection ends.
func (s *socket) echo() {
	for {
		f, err := readFrame(s.in)
		if err != nil {
			return
		}
		switch f.op {
		case opPing:
			f.op = opPong
		case opPong:
			continue
		}
		if s.send(f) != nil || f.op == opClose {
			return
		}
	}
}

func (s *socket) send(f frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = f.op == opClose
	s.conn.SetWriteDeadline(time.Now().Add(farewell))
	_, err := s.conn.Write(f.bytes())
	return err
}
