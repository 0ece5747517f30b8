package witness

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"teal/internal/release"
)

// finish is what the WebSocket server does to a stream after some echoes.
type finish string

const (
	stays    finish = "stays"
	goesAway finish = "goes away"  // close frame 1001
	crashes  finish = "crashes"    // close frame 1011
	rsts     finish = "resets"     // RST
	vanishes finish = "vanishes"   // FIN without a close frame
	denies   finish = "denies"     // 503 instead of the upgrade
	forbids  finish = "forbids"    // 403 instead of the upgrade
	lies     finish = "lies"       // a wrong Sec-WebSocket-Accept
	garbles  finish = "mangles it" // an echo that isn't one, then silence
)

// sockets is a WebSocket server that does as it is told and keeps books.
type sockets struct {
	finishOf func(n int) finish
	mu       sync.Mutex
	done     map[finish]int
	pongs    int
	closes   int
	echoes   int
}

func serveSockets(t *testing.T, finishOf func(n int) finish) (*sockets, string) {
	t.Helper()
	b := &sockets{finishOf: finishOf, done: map[finish]int{}}
	var streams sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		streams.Add(1)
		defer streams.Done()
		b.stream(w, r)
	}))
	t.Cleanup(func() {
		s.Close()
		streams.Wait()
	})
	return b, s.Listener.Addr().String()
}

func (b *sockets) add(n *int) {
	b.mu.Lock()
	*n++
	b.mu.Unlock()
}

func (b *sockets) count(fs ...finish) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, f := range fs {
		n += b.done[f]
	}
	return n
}

func (b *sockets) open() finish {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, count := range b.done {
		n += count
	}
	f := b.finishOf(n)
	b.done[f]++
	return f
}

func (b *sockets) stream(w http.ResponseWriter, r *http.Request) {
	f := b.open()
	switch f {
	case denies:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case forbids:
		w.WriteHeader(http.StatusForbidden)
		return
	}
	raw, both, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer raw.Close()
	key := r.Header.Get("Sec-WebSocket-Key")
	if f == lies {
		key = "another"
	}
	sum := sha1.Sum([]byte(key + acceptKey))
	fmt.Fprintf(raw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"X-Teal-Color: green\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	b.talk(raw.(*net.TCPConn), both.Reader, f)
}

// talk echoes three messages, in fragments and with a ping between, before it
// ends the stream its own way.
func (b *sockets) talk(c *net.TCPConn, in *bufio.Reader, f finish) {
	for echoes := 0; ; {
		op, payload, err := readMasked(in)
		switch {
		case err != nil:
			return
		case op == opPong:
			b.add(&b.pongs)
			continue
		case op == opClose:
			b.add(&b.closes)
			c.Write(frameOf(true, opClose, payload))
			return
		}
		if f == garbles {
			c.Write(frameOf(true, opText, []byte("something else")))
			continue
		}
		c.Write(frameOf(false, opText, payload[:3]))
		c.Write(frameOf(true, opPing, []byte("are you there")))
		c.Write(frameOf(true, opContinue, payload[3:]))
		b.add(&b.echoes)
		if echoes++; echoes == 3 && f != stays {
			finishStream(c, f)
			return
		}
	}
}

func finishStream(c *net.TCPConn, f finish) {
	switch f {
	case goesAway:
		c.Write(frameOf(true, opClose, []byte{0x03, 0xE9}))
		c.CloseWrite()
		io.Copy(io.Discard, c)
	case crashes:
		c.Write(frameOf(true, opClose, []byte{0x03, 0xF3}))
		c.CloseWrite()
		io.Copy(io.Discard, c)
	case rsts:
		c.SetLinger(0)
	}
}

func frameOf(fin bool, op opcode, payload []byte) []byte {
	first := byte(op)
	if fin {
		first |= finBit
	}
	out := []byte{first, byte(len(payload))}
	if len(payload) > 125 {
		out = binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(len(payload)))
	}
	return append(out, payload...)
}

// readMasked reads a client's frame, which must be masked.
func readMasked(in *bufio.Reader) (opcode, []byte, error) {
	first, err := in.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	second, err := in.ReadByte()
	if err != nil || second&maskBit == 0 {
		return 0, nil, fmt.Errorf("no mask (%w)", err)
	}
	size, err := frameSize(in, second&^maskBit)
	if err != nil {
		return 0, nil, err
	}
	key, payload := make([]byte, 4), make([]byte, size)
	if _, err := io.ReadFull(in, key); err != nil {
		return 0, nil, err
	}
	_, err = io.ReadFull(in, payload)
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return opcode(first & 0x0F), payload, err
}

// runSockets talks until the server has finished n streams.
func runSockets(t *testing.T, n, clients int, finishes ...finish) (*sockets, release.Witnessed) {
	t.Helper()
	b, addr := serveSockets(t, func(n int) finish { return finishes[n%len(finishes)] })
	r := Start(t.Context(), Load{Target: addr, Timeout: time.Second,
		Groups: []Group{{Kind: WebSocket, Paths: []string{"/ws"}, Count: clients, Think: time.Millisecond}}})
	until(t, "the streams end", func() bool { return r.soFar().Sent >= n })
	w := r.Stop()
	t.Logf("%+v", w)
	addsUp(t, w)
	equal(t, "streams", w.ByKind["websocket"], b.count(finishes...))
	return b, w
}

func TestStreamsThatBreakAreCutAndThoseThatEndInOrderAreNot(t *testing.T) {
	b, w := runSockets(t, 40, 3, goesAway, rsts, vanishes, crashes)
	equal(t, "cut at least", min(w.Cut, 20), 20)
	// Streams still open when the load stops end well whatever was planned.
	open := w.Sent - w.Ended - w.Cut
	if open > 3 || w.Ended > b.count(goesAway) || w.Cut > b.count(rsts, vanishes, crashes) {
		t.Errorf("%d open, %d ended of %d, %d cut of %d", open, w.Ended, b.count(goesAway), w.Cut, b.count(rsts, vanishes, crashes))
	}
	equal(t, "answered", w.Answered, w.Ended+open)
	if !strings.Contains(w.First, "websocket /ws: ") || !strings.Contains(w.First, " echoes, on a connection ") {
		t.Errorf("first failure: %s", w.First)
	}
	equal(t, "green", w.ByColor[release.Green], w.Sent)
}

func TestAStreamThatStandsIsClosedByUsAndCountsAsAnswered(t *testing.T) {
	b, addr := serveSockets(t, func(int) finish { return stays })
	r := Start(t.Context(), Load{Target: addr, Groups: []Group{{Kind: WebSocket, Count: 2}}})
	until(t, "echoes", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.echoes >= 10 && b.pongs >= 4 })
	w := r.Stop()
	addsUp(t, w)
	equal(t, "answered", w.Answered, 2)
	equal(t, "lost", w.Lost(), 0)
	equal(t, "ended by the server", w.Ended, 0)
	equal(t, "our close frames", b.closes, 2)
}

func TestAnAnswerInsteadOfTheUpgradeIsCountedByItsStatus(t *testing.T) {
	b, w := runSockets(t, 4, 1, denies, forbids)
	equal(t, "failed", w.Failed, b.count(denies))
	equal(t, "answered", w.Answered, b.count(forbids))
}

func TestAServerThatDoesntSpeakWebSocketIsNotTakenForOne(t *testing.T) {
	b, w := runSockets(t, 2, 1, lies)
	equal(t, "reset", w.Reset, b.count(lies))
	if !strings.Contains(w.First, "Sec-WebSocket-Accept is not the answer to our key") {
		t.Errorf("first failure: %s", w.First)
	}
}

func TestAnEchoThatNeverComesCutsTheStream(t *testing.T) {
	b, w := runSockets(t, 1, 1, garbles)
	equal(t, "cut at least", min(w.Cut, 1), 1)
	equal(t, "sent", w.Sent, b.count(garbles))
}

func TestFramesOfEverySizeArriveAsTheyWereSent(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, frameLimit} {
		payload := bytes.Repeat([]byte("x"), size)
		op, got, err := readMasked(bufio.NewReader(bytes.NewReader(masked(opBinary, payload))))
		if err != nil || op != opBinary || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes: %d came back (%v)", size, len(got), err)
		}
	}
	for name, raw := range map[string][]byte{
		"masked": masked(opText, nil), "too large": {0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0}, "short": {0x81, 5, 'a'}, "empty": nil,
	} {
		if _, err := readFrame(bufio.NewReader(bytes.NewReader(raw))); err == nil {
			t.Errorf("a %s frame was taken", name)
		}
	}
}
