package nginx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"teal/internal/release"
)

func TestARoutesOptionsHoldInBothColors(t *testing.T) {
	no := false
	s := routesTo(t, release.Route{Path: "/", To: "web", Options: release.RouteOptions{
		ReadTimeout: 300 * time.Millisecond, Buffering: &no, BufferSize: 32 << 10,
		Headers: map[string]string{"Content-Security-Policy": "default-src 'self'; img-src *", "X-Frame-Options": "DENY"},
	}})
	for _, c := range release.Colors {
		s.shift(c)
		resp, _ := s.get("/color")
		if resp.Header.Get("Content-Security-Policy") != "default-src 'self'; img-src *" || resp.Header.Get("X-Frame-Options") != "DENY" || resp.Header.Get("X-Teal-Color") != string(c) {
			t.Errorf("%s: headers %v", c, resp.Header)
		}
		if resp, _ := s.get("/hold"); resp.StatusCode != 504 {
			t.Errorf("%s: a silent answer ended with %d", c, resp.StatusCode)
		}
	}
	s.talk() // a stream may be silent for longer
}

func TestAnAnswersHeaderMayBeAsLargeAsTheRouteSays(t *testing.T) {
	s := routesTo(t, release.Route{Path: "/", To: "web", Options: release.RouteOptions{BufferSize: 64 << 10}})
	if resp, _ := s.get("/header"); resp.StatusCode != 200 || len(resp.Header.Get("X-Long")) < 20000 {
		t.Errorf("answered %d", resp.StatusCode)
	}
	s.app.Routes[0].Options = release.RouteOptions{}
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	if resp, _ := s.get("/header"); resp.StatusCode != 502 {
		t.Errorf("without room: answered %d", resp.StatusCode)
	}
}

func TestTheAccessLogIsWrittenAsTheSiteSays(t *testing.T) {
	for _, format := range []string{"combined", "json"} {
		t.Run(format, func(t *testing.T) {
			s := setStage(t)
			log := filepath.Join(publicDir(t), "site.log")
			s.app.Site.AccessLog = release.AccessLog{Path: log, Format: format}
			s.up()
			s.live()
			s.get("/seen?q=%22")
			s.eventually("the request is logged", func() bool { return strings.Contains(readFile(t, log), "/seen?q=%22") })
			if text := readFile(t, log); strings.Contains(text, "/.teal/") {
				t.Errorf("the control path is in the log: %s", text)
			}
			var line struct{ Client, Method, URI, Host string }
			err := json.Unmarshal([]byte(readFile(t, log)), &line)
			if isJSON := err == nil && line.Client == "127.0.0.1" && line.URI == "/seen?q=%22"; isJSON != (format == "json") {
				t.Errorf("logged %s", readFile(t, log))
			}
		})
	}
}

// forwarded asks with what a proxy in front would say, and returns what the
// color is told.
func (s *stage) forwarded(from, proto string) string {
	s.t.Helper()
	req := s.request(http.MethodGet, "/headers", nil)
	req.Header.Set("X-Forwarded-For", from)
	req.Header.Set("X-Forwarded-Proto", proto)
	_, body := s.do(req)
	return body
}

func TestATrustedProxyIsBelieved(t *testing.T) {
	s := setStage(t)
	s.app.Site.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	s.up()
	s.live()
	for _, c := range release.Colors {
		s.shift(c)
		body := s.forwarded("6.6.6.6, 203.0.113.7, 10.1.2.3", "https")
		for _, want := range []string{
			"X-Real-Ip: 203.0.113.7\n", // the last that isn't one of the proxies: the client may have said the rest
			"X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.2.3, 127.0.0.1\n",
			"X-Forwarded-Proto: https\n",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: told no %sbut\n%s", c, want, body)
			}
		}
		if body := s.forwarded("203.0.113.7", "nonsense"); !strings.Contains(body, "X-Forwarded-Proto: http\n") {
			t.Errorf("%s: told\n%s", c, body)
		}
	}
}

func TestNobodyElseIsBelieved(t *testing.T) {
	s := setStage(t)
	s.app.Site.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	s.up()
	s.live()
	body := s.forwarded("203.0.113.7", "https")
	for _, want := range []string{"X-Real-Ip: 127.0.0.1\n", "X-Forwarded-For: 203.0.113.7, 127.0.0.1\n", "X-Forwarded-Proto: http\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("told no %sbut\n%s", want, body)
		}
	}
}

// replicas gives both colors so many replicas, which tell their number, and
// the route its way to balance.
func replicas(t *testing.T, n int, balance release.Balance) (*stage, map[release.Slot]*backend) {
	t.Helper()
	s := setStage(t)
	s.app.Services[0].Replicas = n
	s.app.Routes[0].Options.Balance = balance
	var err error
	s.net, err = s.net.Assign(s.app.Services)
	s.must(err)
	all := map[release.Slot]*backend{{Service: "web", Color: release.Blue, Replica: 1}: s.blue, {Service: "web", Color: release.Green, Replica: 1}: s.green}
	for slot, addr := range s.net.Slots {
		if all[slot] == nil {
			all[slot] = play(t, slot.Color, netip.AddrPortFrom(addr, s.blue.at.Port()))
		}
	}
	s.up()
	return s.live(), all
}

// counts are the requests of a color's replicas.
func counts(all map[release.Slot]*backend, c release.Color) []int64 {
	var list []int64
	for n := 1; n <= len(all)/2; n++ {
		list = append(list, all[release.Slot{Service: "web", Color: c, Replica: n}].received.Load())
	}
	return list
}

func TestByAddressAClientStaysWithItsReplica(t *testing.T) {
	s, all := replicas(t, 3, release.IPHash)
	for _, c := range release.Colors {
		s.shift(c)
		for range 12 {
			s.servedBy(c)
		}
		if got := fmt.Sprint(counts(all, c)); strings.Count(got, "0") != 2 {
			t.Errorf("%s: the replicas got %s requests", c, got)
		}
	}
}

func TestByAddressAnotherReplicaStandsInAndThenTheOtherColor(t *testing.T) {
	s, all := replicas(t, 3, release.IPHash)
	s.servedBy(release.Blue)
	stop := func(c release.Color, which func(*backend) bool) {
		for slot, b := range all {
			if slot.Color == c && which(b) {
				b.stop()
			}
		}
	}
	stop(release.Blue, func(b *backend) bool { return b.received.Load() > 0 })
	for range 20 {
		s.servedBy(release.Blue)
	}
	stop(release.Blue, func(*backend) bool { return true })
	for range 20 {
		s.servedBy(release.Green)
	}
}

func TestTheFewestConnectionsGetTheNextRequest(t *testing.T) {
	s, all := replicas(t, 2, release.LeastConn)
	s.held("/hold", "")
	busy := 0
	for i, n := range counts(all, release.Blue) {
		if n > 0 {
			busy = i
		}
	}
	for range 20 {
		s.servedBy(release.Blue)
	}
	if got := counts(all, release.Blue); got[busy] > 12 { // two workers count for themselves
		t.Errorf("replicas got %v, the busy one is %d", got, busy+1)
	}
}

// askedOnce fails unless the request ends with 504 and one server was asked.
func (s *stage) askedOnce(all map[release.Slot]*backend, req *http.Request) {
	s.t.Helper()
	before := requests(all)
	resp, _ := s.do(req)
	if n := requests(all) - before; resp.StatusCode != 504 || n != 1 {
		s.t.Errorf("%s: answered %d, asked for %d times", req.Method, resp.StatusCode, n)
	}
}

func requests(all map[release.Slot]*backend) (n int64) {
	for _, b := range all {
		n += b.received.Load()
	}
	return n
}

func TestASilentAnswerIsAskedForOnce(t *testing.T) {
	s, all := replicas(t, 2, release.RoundRobin)
	s.app.Routes[0].Options.ReadTimeout = time.Second
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		s.askedOnce(all, s.request(method, "/hold", nil))
	}
}

func TestABodyThatNobodyTakesIsSentOnce(t *testing.T) {
	s, all := replicas(t, 2, release.RoundRobin)
	s.app.Routes[0].Options.SendTimeout = time.Second
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.askedOnce(all, s.request(http.MethodPut, "/hold", bytes.NewReader(make([]byte, 64<<20))))
}

// deaf takes a backend's place with a socket that answers no connection at
// all, as a removed address does.
func (b *backend) deaf(t *testing.T) {
	t.Helper()
	b.stop()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	at := &syscall.SockaddrInet4{Port: int(b.at.Port()), Addr: b.at.Addr().As4()}
	if err := errors.Join(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1), syscall.Bind(fd, at), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		conn, err := net.DialTimeout("tcp", b.at.String(), 300*time.Millisecond)
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("its queue never fills")
}

func TestAReplicaThatAnswersNoConnectionIsPassedOverHoweverShortTheWait(t *testing.T) {
	s, all := replicas(t, 2, release.RoundRobin)
	s.app.Routes[0].Options.ReadTimeout = time.Second
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	all[release.Slot{Service: "web", Color: release.Blue, Replica: 1}].deaf(t)
	for range 6 {
		s.servedBy(release.Blue)
	}
	all[release.Slot{Service: "web", Color: release.Blue, Replica: 2}].deaf(t)
	s.servedBy(release.Green)
}
