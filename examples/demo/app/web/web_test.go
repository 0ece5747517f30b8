package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"teal/examples/demo/app/serve"
)

// up runs the real server on a free port; stop is SIGTERM, ended its result.
func up(t *testing.T) (addr string, stop func(), ended chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	s := newSockets()
	go func() { ended <- serve.On(ctx, l, handler(s), s.goAway) }()
	t.Cleanup(cancel)
	return l.Addr().String(), cancel, ended
}

func TestThePageNamesItsVersionReleaseAndColor(t *testing.T) {
	t.Setenv("VERSION", "2")
	t.Setenv("TEAL_COLOR", "green")
	t.Setenv("TEAL_RELEASE", "7")
	addr, _, _ := up(t)
	res, err := http.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"version 2", "release 7", "in green"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the page lacks %q: %s", want, body)
		}
	}
}

func TestAnEchoIsTheBodyAsItCame(t *testing.T) {
	addr, _, _ := up(t)
	res, err := http.Post("http://"+addr+"/echo", "text/plain", strings.NewReader("order 1"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "order 1" {
		t.Errorf("echo %q", body)
	}
}

func TestAnUploadThatIsUnderWayAtTheEndIsFinished(t *testing.T) {
	addr, stop, ended := up(t)
	body, feed := io.Pipe()
	answer := make(chan uploaded, 1)
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	// The body is sent only when the server has asked for it, so the first
	// write returns when the request has surely begun there.
	req.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	go func() {
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			close(answer)
			return
		}
		defer res.Body.Close()
		var got uploaded
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		answer <- got
	}()
	feed.Write(bytes.Repeat([]byte("x"), 1000))
	stop()
	refuses(t, addr)
	feed.Write([]byte("end"))
	feed.Close()
	if got := <-answer; got.Bytes != 1003 {
		t.Errorf("the server has %d bytes, want 1003", got.Bytes)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// refuses waits until the server takes no new connection.
func refuses(t *testing.T, addr string) {
	t.Helper()
	for {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		conn.Close()
	}
}

func TestAWebSocketEchoesAndIsToldWhenItsServerGoes(t *testing.T) {
	addr, stop, ended := up(t)
	conn, in := dial(t, addr)
	long := strings.Repeat("y", maxFrame)
	for _, text := range []string{"hello", strings.Repeat("x", 200), long} {
		send(t, conn, opText, []byte(text))
		if f := receive(t, in); f.op != opText || string(f.payload) != text {
			t.Fatalf("%d bytes came back as opcode %d with %d bytes", len(text), f.op, len(f.payload))
		}
	}
	send(t, conn, opPing, []byte("p"))
	if f := receive(t, in); f.op != opPong || string(f.payload) != "p" {
		t.Fatalf("a ping got opcode %d %q", f.op, f.payload)
	}
	stop()
	if f := receive(t, in); f.op != opClose || !bytes.Equal(f.payload, []byte{0x03, 0xe9}) {
		t.Fatalf("at the end came opcode %d %x, want close 1001", f.op, f.payload)
	}
	send(t, conn, opClose, []byte{0x03, 0xe9})
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the close came %v, want the end", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestAFrameThatIsNoFrameEndsTheSocket(t *testing.T) {
	addr, _, _ := up(t)
	conn, in := dial(t, addr)
	if _, err := conn.Write([]byte{0x81, 0x01, 'x'}); err != nil { // not masked
		t.Fatal(err)
	}
	if _, err := in.ReadByte(); err == nil {
		t.Error("the server took a frame without a mask")
	}
}

func TestABrokenVersionIsNeverHealthy(t *testing.T) {
	for broken, want := range map[bool]int{false: http.StatusOK, true: http.StatusServiceUnavailable} {
		rec := &recorder{header: http.Header{}}
		health(broken)(rec, nil)
		if rec.status() != want {
			t.Errorf("broken %v: status %d, want %d", broken, rec.status(), want)
		}
	}
}

type recorder struct {
	header http.Header
	code   int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorder) WriteHeader(code int)        { r.code = code }
func (r *recorder) status() int                 { return max(r.code, http.StatusOK) }

func dial(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The key and its answer are those of RFC 6455 section 1.3.
	if res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("the handshake got %s %v", res.Status, res.Header)
	}
	return conn, in
}

// send writes a client's frame: what the server would send, with a mask.
func send(t *testing.T, conn net.Conn, op byte, payload []byte) {
	t.Helper()
	plain := frame{op: op, payload: payload}.bytes()
	head, body := plain[:len(plain)-len(payload)], plain[len(plain)-len(payload):]
	head[1] |= 0x80
	key := []byte{1, 2, 3, 4}
	out := append(append([]byte{}, head...), key...)
	for i, b := range body {
		out = append(out, b^key[i%4])
	}
	if _, err := conn.Write(out); err != nil {
		t.Fatal(err)
	}
}

// receive reads a server's frame.
func receive(t *testing.T, in *bufio.Reader) frame {
	t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		t.Fatal(err)
	}
	size, err := readSize(in, head[1])
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(in, payload); err != nil {
		t.Fatal(err)
	}
	return frame{op: head[0] & 0x0f, payload: payload}
}
