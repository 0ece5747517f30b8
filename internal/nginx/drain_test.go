package nginx

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"teal/internal/release"
)

// far is a limit no test waits for.
const far = time.Hour

// drainBlue drains blue in the background; the result comes when it ended.
func (s *stage) drainBlue(limits release.DrainLimits, say func(release.EventType, string)) <-chan release.Drained {
	s.t.Helper()
	done := make(chan release.Drained, 1)
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute) // not a limit of the drain: a test that hangs should say so
	go func() {
		defer close(done)
		defer cancel()
		d, err := s.r.Drain(ctx, s.app, s.net, release.Blue, limits, say)
		if err != nil {
			s.t.Error(err)
		}
		done <- d
	}()
	return done
}

// held makes a request that blue holds, and returns once blue has it.
func (s *stage) held(target, header string) *wire {
	s.t.Helper()
	before := s.blue.received.Load()
	w := s.dial()
	w.send("GET " + target + " HTTP/1.1\r\nHost: " + testHost + "\r\nConnection: close\r\n" + header + "\r\n")
	s.eventually("blue has the request", func() bool { return s.blue.received.Load() > before })
	return w
}

func running(done <-chan release.Drained) bool {
	select {
	case <-done:
		return false
	default:
		return true
	}
}

func TestADrainOfAnIdleColorEndsByItself(t *testing.T) {
	s := open(t)
	s.servedBy(release.Blue) // leaves a socket that nginx keeps for later
	s.shift(release.Green)
	d := <-s.drainBlue(release.DrainLimits{Timeout: far, Streams: far}, nil)
	if d.Began == 0 || d.Cut != 0 {
		t.Errorf("drained %+v", d)
	}
}

func TestADrainWaitsForARequestAndCutsNothing(t *testing.T) {
	s := open(t)
	w := s.held("/hold", "")
	s.shift(release.Green)
	var said atomic.Value
	done := s.drainBlue(release.DrainLimits{Timeout: far, Streams: far}, func(_ release.EventType, text string) { said.Store(text) })
	s.eventually("progress is told", func() bool { return said.Load() != nil })
	if !running(done) || !strings.Contains(said.Load().(string), "still open: 1 request, 0 streams") {
		t.Fatalf("said %q", said.Load())
	}
	s.blue.letGo()
	if d := <-done; d.Began != 1 || d.Cut != 0 {
		t.Errorf("drained %+v", d)
	}
	if status, body := w.answer(); status != 200 || body != "blue" {
		t.Errorf("the request was answered %d %q", status, body)
	}
}

func TestADrainCutsRequestsAtTheirLimit(t *testing.T) {
	s := open(t)
	s.held("/hold", "")
	s.held("/hold", "")
	s.shift(release.Green)
	d := <-s.drainBlue(release.DrainLimits{Timeout: 100 * time.Millisecond, Streams: far}, nil)
	if d.Began != 2 || d.Cut != 2 {
		t.Errorf("drained %+v, want both cut", d)
	}
}

func TestConnectionsThatNginxKeepsIdleAtTheLimitAreNotCut(t *testing.T) {
	s := open(t)
	s.held("/hold", "")
	s.servedBy(release.Blue) // leaves a socket that nginx keeps for later
	s.shift(release.Green)
	d := <-s.drainBlue(release.DrainLimits{Timeout: time.Millisecond, Streams: time.Millisecond}, nil)
	if d.Began != 2 || d.Cut != 1 {
		t.Errorf("drained %+v, want the request alone cut", d)
	}
}

func TestADrainWithoutTimeWaitsForNobody(t *testing.T) {
	s := open(t)
	s.held("/hold", "")
	s.shift(release.Green)
	waits := false
	d := <-s.drainBlue(release.DrainLimits{}, func(release.EventType, string) { waits = true })
	if waits || d.Began != 1 || d.Cut != 1 {
		t.Errorf("waits %t, drained %+v", waits, d)
	}
}

func TestADrainWaitsForStreamsBeyondTheLimitOfRequests(t *testing.T) {
	for name, begin := range map[string]func(*stage) *wire{
		"websocket":    (*stage).talk,
		"event stream": func(s *stage) *wire { return s.held("/events", "Accept: text/event-stream\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			// An idle kept socket: a stream must not be sent on one, for it
			// would pass for a plain request.
			s.servedBy(release.Blue)
			w := begin(s)
			s.shift(release.Green)
			var said atomic.Value
			done := s.drainBlue(release.DrainLimits{Timeout: time.Millisecond, Streams: far}, func(_ release.EventType, text string) { said.Store(text) })
			s.eventually("one stream and nothing else is left", func() bool { // the idle socket counts at first
				text, _ := said.Load().(string)
				return strings.Contains(text, "still open: 0 requests, 1 stream")
			})
			if !running(done) {
				t.Fatal("the drain did not wait for the stream")
			}
			w.Close()
			if d := <-done; d.Cut != 0 {
				t.Errorf("drained %+v", d)
			}
		})
	}
}

func TestADrainCutsStreamsAtTheirLimit(t *testing.T) {
	s := open(t)
	s.talk()
	s.shift(release.Green)
	d := <-s.drainBlue(release.DrainLimits{Timeout: time.Millisecond, Streams: 100 * time.Millisecond}, nil)
	if d.Cut != 1 {
		t.Errorf("drained %+v", d)
	}
}

// deaf makes green take no connection: what asks for one gets no answer.
func (s *stage) deaf() {
	s.t.Helper()
	s.must(s.green.server.Close())
	l, err := net.Listen("tcp", s.green.at.String())
	s.must(err)
	s.t.Cleanup(func() { _ = l.Close() })
	raw, err := l.(*net.TCPListener).SyscallConn()
	s.must(err)
	s.must(raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }))
	s.must(err)
	for range 2 { // the kernel holds one more than it was told to
		go func() {
			conn, err := net.DialTimeout("tcp", s.green.at.String(), 10*time.Second)
			if err == nil {
				s.t.Cleanup(func() { _ = conn.Close() })
			}
		}()
	}
	s.eventually("green takes nobody", func() bool { return s.connecting() > 0 })
}

// connecting is how many connections to green are asked for and not made.
func (s *stage) connecting() (n int) {
	s.t.Helper()
	list, err := sockets(os.Getpid())
	s.must(err)
	for _, one := range list {
		if one.state == stateConnecting && one.remote == s.green.at {
			n++
		}
	}
	return n
}

func TestADrainWaitsForARequestThatMayFallBackToTheColor(t *testing.T) {
	s := open(t)
	s.shift(release.Green)
	s.deaf()
	others := s.connecting()
	before := s.blue.received.Load()
	w := s.dial()
	w.send("GET /color HTTP/1.1\r\nHost: " + testHost + "\r\nConnection: close\r\n\r\n")
	s.eventually("nginx asks green for a connection", func() bool { return s.connecting() > others })
	d := <-s.drainBlue(release.DrainLimits{Timeout: far, Streams: far}, nil)
	if s.blue.received.Load() == before {
		t.Error("the drain ended before nginx had come back from green")
	}
	if status, body := w.answer(); status != 200 || body != "blue" || d.Cut != 0 {
		t.Errorf("answered %d %q; drained %+v", status, body, d)
	}
}

func TestADrainDoesNotWaitForOthersThatTalkToTheColor(t *testing.T) {
	s := open(t)
	s.shift(release.Green)
	conn, err := net.Dial("tcp", s.blue.at.String()) // we are root, nginx's workers are not
	s.must(err)
	defer conn.Close()
	if d := <-s.drainBlue(release.DrainLimits{Timeout: far, Streams: far}, nil); d.Cut != 0 {
		t.Errorf("drained %+v", d)
	}
}

func TestAnInterruptedDrainTellsSo(t *testing.T) {
	s := open(t)
	s.held("/hold", "")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.r.Drain(ctx, s.app, s.net, release.Blue, release.DrainLimits{Timeout: far, Streams: far}, nil)
	if err == nil {
		t.Error("no error")
	}
}

func TestADrainWithoutNginxHasNothingToWaitFor(t *testing.T) {
	s := setStage(t)
	d, err := s.r.Drain(s.ctx, s.app, s.net, release.Blue, release.DrainLimits{Timeout: far, Streams: far}, nil)
	if err != nil || d.Began != 0 {
		t.Errorf("drained %+v, %v", d, err)
	}
}

func TestTheKernelsSocketLinesAreRead(t *testing.T) {
	for line, want := range map[string]socket{
		"  25: 0100007F:E256 024D7F0A:4A36 01 00000000:00000000 02:000AFC1C 00000000 65534        0 23904 2 0000000090248ef2 20 0 0 11 -1": {
			netip.MustParseAddrPort("127.0.0.1:57942"), netip.MustParseAddrPort("10.127.77.2:18998"), stateEstablished, false, true, 65534, 23904,
		},
		"   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0": {
			netip.MustParseAddrPort("[::1]:80"), netip.MustParseAddrPort("[::]:0"), stateListen, false, false, 0, 99,
		},
		"  26: 0100007F:E256 024D7F0A:4A36 01 00000100:00000000 01:00000014 00000000 65534        0 23905 2 0000000090248ef2 20 0 0 11 -1": {
			netip.MustParseAddrPort("127.0.0.1:57942"), netip.MustParseAddrPort("10.127.77.2:18998"), stateEstablished, true, false, 65534, 23905,
		},
	} {
		if got, ok := parseSocket(line); !ok || got != want {
			t.Errorf("got %+v %v, want %+v", got, ok, want)
		}
	}
	if _, ok := parseSocket("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"); ok {
		t.Error("the heading was taken for a socket")
	}
}

func TestWithoutTheChildrenFileTheWorkersAreFoundByTheirParent(t *testing.T) {
	s := open(t)
	m := s.master()
	for _, pid := range m.workers() {
		if parent(pid) != int(m) {
			t.Errorf("parent of worker %d is %d, want %d", pid, parent(pid), m)
		}
	}
}
