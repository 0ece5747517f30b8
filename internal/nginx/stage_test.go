package nginx

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"teal/internal/release"
)

// stage is a real nginx before two real colors, each at a loopback address
// of its own.
type stage struct {
	t           *testing.T
	ctx         context.Context
	r           *Router
	app         release.App
	net         release.Network
	blue, green *backend
	addr        string // where clients meet the site
}

const testHost = "voda.test"

// subnets gives each stage of this process a network of its own.
var subnets atomic.Int32

// setStage makes both colors and a Router with an empty state root. No nginx
// runs yet.
func setStage(t *testing.T) *stage {
	t.Helper()
	t.Parallel() // much of it is waiting
	return another(t)
}

// another is a second stage of one test.
func another(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, ctx: t.Context(), addr: freeAddr(t)}
	n := int(subnets.Add(1)) + os.Getpid()%200
	s.net.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 77, byte(n), 0}), 24)
	s.app = release.App{
		Name:     "voda",
		Services: []release.Service{{Name: "web", Replicas: 1}},
		Site:     release.Site{Hosts: []string{testHost}, Listen: []string{s.addr}},
		Routes:   []release.Route{{Path: "/", To: "web", MaxBody: -1}},
		Proxies:  []release.Proxy{{Kind: release.ProxyStandalone}},
	}
	var err error
	if s.net, err = s.net.Assign(s.app.Services); err != nil {
		t.Fatal(err)
	}
	s.blue = play(t, release.Blue, netip.AddrPortFrom(s.slot(release.Blue), 0))
	s.app.Services[0].Port = int(s.blue.at.Port())
	s.green = play(t, release.Green, netip.AddrPortFrom(s.slot(release.Green), s.blue.at.Port()))
	if s.r, err = New(publicDir(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.r.Close)
	return s
}

func (s *stage) slot(c release.Color) netip.Addr {
	return s.net.Addr(release.Slot{Service: "web", Color: c, Replica: 1})
}

// open sets the stage and starts teal's own nginx with the app live on blue.
func open(t *testing.T) *stage {
	t.Helper()
	s := setStage(t)
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	return s
}

func (s *stage) up() {
	s.t.Helper()
	s.must(s.r.Up(s.ctx, s.app))
	s.t.Cleanup(func() {
		ctx := context.Background()
		if m, ok := masterIn(filepath.Join(s.r.proxy(), "nginx.pid")); ok {
			_ = m.signal(15) // the tests' streams need not be waited for
			_ = poll(ctx, 5*time.Millisecond, func() bool { return !m.alive() })
		}
		if err := s.r.ProxyDown(ctx, "", true); err != nil {
			s.t.Errorf("stop nginx: %v", err)
		}
	})
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(describe(err))
	}
}

// describe is an error with all its evidence.
func describe(err error) string {
	if err == nil {
		return "no error"
	}
	text := err.Error()
	for _, e := range releaseErrors(err) {
		text += "\n  " + strings.Join(e.Detail, "\n  ") + "\n  next: " + e.Next
	}
	return text
}

func releaseErrors(err error) []*release.Error {
	switch e := err.(type) {
	case *release.Error:
		return append([]*release.Error{e}, releaseErrors(e.Err)...)
	case interface{ Unwrap() error }:
		return releaseErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		var list []*release.Error
		for _, one := range e.Unwrap() {
			list = append(list, releaseErrors(one)...)
		}
		return list
	}
	return nil
}

func (s *stage) shift(c release.Color) {
	s.t.Helper()
	s.must(s.r.Shift(s.ctx, s.app, release.TableFor(c)))
	s.must(s.r.Confirm(s.ctx, s.app, release.TableFor(c)))
}

// request is a request to the site, on a connection of its own.
func (s *stage) request(method, target string, body io.Reader) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.ctx, method, "http://"+s.addr+target, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Host = testHost
	return req
}

// get returns the answer's status and body, without following redirects.
func (s *stage) get(target string) (*http.Response, string) {
	s.t.Helper()
	return s.do(s.request(http.MethodGet, target, nil))
}

func (s *stage) do(req *http.Request) (*http.Response, string) {
	s.t.Helper()
	resp, err := client(true).Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(body)
}

// keeps reports whether the connection of a request stays open, for a client
// that would like it to.
func (s *stage) keeps(target string) bool {
	s.t.Helper()
	c := client(false)
	defer c.CloseIdleConnections()
	resp, err := c.Do(s.request(http.MethodGet, target, nil))
	s.must(err)
	defer resp.Body.Close()
	return !resp.Close
}

// servedBy fails unless a request is answered by the color.
func (s *stage) servedBy(c release.Color) {
	s.t.Helper()
	resp, body := s.get("/color")
	if resp.StatusCode != 200 || body != string(c) {
		s.t.Fatalf("answered %d %q, want %s", resp.StatusCode, body, c)
	}
}

// eventually waits for what another process does in its own time.
func (s *stage) eventually(what string, done func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	if poll(ctx, 5*time.Millisecond, done) != nil {
		s.t.Fatalf("never: %s", what)
	}
}

// publicDir is a temporary folder that nginx's workers may pass through.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tealtest-nginx-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// freeAddr is a loopback address nobody listens on, below the ports the
// kernel gives to clients: one of these might take it.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// wire is a client's connection on which a test writes what it likes.
type wire struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (s *stage) dial() *wire {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return &wire{s.t, conn, bufio.NewReader(conn)}
}

func (w *wire) send(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		w.t.Fatal(err)
	}
}

// answer reads an answer; its body is read too unless it is an upgrade.
func (w *wire) answer() (status int, body string) {
	w.t.Helper()
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp.StatusCode, ""
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (w *wire) line() string {
	w.t.Helper()
	line, err := w.in.ReadString('\n')
	if err != nil {
		w.t.Fatal(err)
	}
	return line
}

// talk opens a WebSocket and proves that it passes in both directions.
func (s *stage) talk() *wire {
	s.t.Helper()
	w := s.dial()
	w.send("GET /ws HTTP/1.1\r\nHost: " + testHost + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	if status, body := w.answer(); status != http.StatusSwitchingProtocols {
		s.t.Fatalf("upgrade answered %d %q", status, body)
	}
	w.send("hello\n")
	w.line()
	return w
}
