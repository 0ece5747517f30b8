package probe

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"teal/internal/release"
)

// on is replica 1 of web at an address of this machine. Its container has
// nothing to do with what answers there.
func on(addr string, h release.Health) release.Target {
	return release.Target{
		Slot: release.Slot{Service: "web", Color: release.Green, Replica: 1},
		Addr: netip.MustParseAddrPort(addr), Health: h, Host: "voda.example", Container: bystander,
	}
}

func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// deadAddr is an address nothing listens on: a listener's that was closed.
func deadAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func getHealth(path string) release.Health {
	return release.Health{Kind: release.HealthHTTP, Path: path, Timeout: short, Request: 200 * time.Millisecond}
}

func TestOnlyAnswersInARowPass(t *testing.T) {
	t.Parallel()
	statuses := []int{503, 200, 200, 503, 200, 500, 200, 200, 200}
	var asked atomic.Int32
	addr := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(statuses[min(int(asked.Add(1)), len(statuses))-1])
	})
	health := getHealth("/healthz")
	health.Answers, health.Timeout = 3, time.Minute
	said := pass(t, on(addr, health))
	wantIn(t, said, "web-green-1 ready (3 answers, ")
	if n := int(asked.Load()); n != len(statuses) {
		t.Errorf("asked %d times, want %d", n, len(statuses))
	}
}

func TestEachQuestionHasAConnectionOfItsOwn(t *testing.T) {
	t.Parallel()
	var conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	health := getHealth("/")
	health.Answers = 5
	pass(t, on(s.Listener.Addr().String(), health))
	if conns.Load() != 5 {
		t.Errorf("%d connections for 5 answers", conns.Load())
	}
}

func TestTheQuestionIsAskedAsConfigured(t *testing.T) {
	t.Parallel()
	var host, target atomic.Value
	addr := server(t, func(w http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		target.Store(r.RequestURI)
		w.WriteHeader(418)
		fmt.Fprint(w, "all systems go")
	})
	health := getHealth("/health/ready?full=1&x=%2F")
	health.Host, health.Body = "app.internal", "systems go"
	health.Status = []release.StatusRange{{From: 200, To: 200}, {From: 400, To: 420}}
	pass(t, on(addr, health))
	if host.Load() != "app.internal" || target.Load() != "/health/ready?full=1&x=%2F" {
		t.Errorf("asked %v with Host %v", target.Load(), host.Load())
	}
}

func TestARedirectIsNotFollowedAndItsTargetIsNamed(t *testing.T) {
	t.Parallel()
	addr := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://voda.example/login", http.StatusMovedPermanently)
	})
	err := gate1(t, on(addr, getHealth("/healthz")))
	wantIn(t, err.What, "web-green-1 never got healthy in "+limit(short)+": GET http://"+addr+"/healthz answered 301 to https://voda.example/login")
	wantIn(t, details(err), "asked with Host: voda.example")
	wantIn(t, err.Next, "wants https", "health: {http: /healthz, status: 301}")
}

func TestAHostThatIsAnsweredWellIsNamed(t *testing.T) {
	t.Parallel()
	for _, wanted := range []string{"voda.example", "localhost"} {
		addr := server(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Host != wanted {
				http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			}
		})
		health := getHealth("/healthz")
		health.Host = "other.example"
		err := gate1(t, on(addr, health))
		wantIn(t, err.What, "answered 421")
		wantIn(t, details(err), "asked with Host: other.example", "unknown host", "it answers 200 with Host: "+wanted)
		wantIn(t, err.Next, "set health: {http: /healthz, host: "+wanted+"} for web")
	}
}

func TestABodyThatDiffersIsShownWithoutControlCharacters(t *testing.T) {
	t.Parallel()
	addr := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "status: \x1b]0;gotcha\x07 degraded\n"+strings.Repeat("x", 300))
	})
	health := getHealth("/healthz")
	health.Body = "status: ok"
	err := gate1(t, on(addr, health))
	wantIn(t, err.What, `answered 200 without "status: ok" in its body`)
	wantIn(t, details(err), `status: \x1b]0;gotcha\a degraded\n`+strings.Repeat("x", 100))
	if strings.ContainsAny(details(err), "\x1b\x07") {
		t.Error("a control character came through")
	}
}

func TestOtherStatusesGetAHintOfTheirOwn(t *testing.T) {
	t.Parallel()
	hints := map[int]string{
		404: "at a path that exists", 401: "a path that needs no login",
		500: "fix what the answer and the log say", 400: "accept the answer with health: {http: /healthz, status: 400}",
	}
	for status, hint := range hints {
		addr := server(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		err := gate1(t, on(addr, getHealth("/healthz")))
		wantIn(t, err.What, fmt.Sprintf("answered %d", status))
		wantIn(t, err.Next, hint)
	}
}

func TestAServerThatSpeaksTLSIsRecognised(t *testing.T) {
	t.Parallel()
	l := rawServer(t, func(c net.Conn) { c.Write([]byte("\x15\x03\x01\x00\x02\x02\x0a")) })
	err := gate1(t, on(l, getHealth("/")))
	wantIn(t, err.Next, "speaks TLS")
}

func TestASilentServerIsToldFromOneThatHangsUp(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	silent := rawServer(t, func(net.Conn) { <-hold })
	t.Cleanup(func() { close(hold) })
	err := gate1(t, on(silent, getHealth("/healthz")))
	wantIn(t, err.What, "GET http://"+silent+"/healthz did not answer in 200ms")
	wantIn(t, err.Next, "raise health.timeout (now "+limit(short)+") or health.request (now 200ms)")

	hangsUp := rawServer(t, func(net.Conn) {})
	err = gate1(t, on(hangsUp, getHealth("/healthz")))
	wantIn(t, err.What, "closed the connection without an answer")
}

// rawServer reads a request's first bytes, lets answer speak, and hangs up. It
// listens as a container would, not to this machine alone.
func rawServer(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.Read(make([]byte, 4096))
				answer(c)
			}()
		}
	}()
	return fmt.Sprintf("127.0.0.1:%d", l.Addr().(*net.TCPAddr).Port)
}

// BenchmarkNoticing measures how long after a replica begins to answer the
// gate is passed, three answers in a row included. The limit is 100 ms.
func BenchmarkNoticing(b *testing.B) {
	var worst, total time.Duration
	for n := 0; b.Loop(); n++ {
		took := notice(b, 100*time.Millisecond+time.Duration(n*7%40)*time.Millisecond)
		worst, total = max(worst, took), total+took
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms-mean")
	b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
}

// notice opens a gate on a replica that becomes ready after the given time.
func notice(b *testing.B, after time.Duration) time.Duration {
	opened := time.Now()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if time.Since(opened) < after {
			w.WriteHeader(503)
		}
	}))
	defer s.Close()
	health := release.Health{Kind: release.HealthHTTP, Path: "/", Answers: 3, Timeout: time.Minute, Request: time.Second}
	err := New(docker).Healthy(context.Background(), []release.Target{on(s.Listener.Addr().String(), health)}, func(release.EventType, string) {})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(opened) - after
}
