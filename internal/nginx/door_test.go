package nginx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"teal/internal/release"
)

// behindADoor is a stage before this machine's nginx whose blue color is in a
// container, at an address that a door can be shut to. What plays it answers
// with X-Inside.
func behindADoor(t *testing.T) (s *stage, at netip.AddrPort) {
	t.Helper()
	h := moor(t)
	h.ship(everything)
	h.settle()
	at = netip.MustParseAddrPort(h.addr)
	s = another(t)
	s.app.Name, s.app.Site.Hosts = h.app.Name+"-host", h.app.Site.Hosts
	s.net.Subnet = h.net.Subnet
	s.net.Slots[release.Slot{Service: "web", Color: release.Blue, Replica: 1}] = at.Addr()
	s.app.Shapes = map[release.Color]release.Shape{
		release.Blue:  {Services: []release.Service{{Name: "web", Port: int(at.Port()), Replicas: 1}}, Routes: s.app.Routes},
		release.Green: {Services: []release.Service{{Name: "web", Port: int(s.green.at.Port()), Replicas: 1}}, Routes: s.app.Routes},
	}
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	t.Cleanup(func() {
		if err := errors.Join(s.r.Reopen(context.Background(), s.app, s.net), unbar(s.net.Subnet)); err != nil {
			t.Error(err)
		}
	})
	return s, at
}

// dials is what becomes of a connection to the address.
func dials(at netip.AddrPort) error {
	c, err := net.DialTimeout("tcp", at.String(), 5*time.Second)
	if err == nil {
		c.Close()
	}
	return err
}

// post sends what nginx may not send twice, and is the color that did it.
func (s *stage) post() string {
	s.t.Helper()
	resp, body := s.do(s.request(http.MethodPost, "/color", strings.NewReader("x")))
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("answered %d %q", resp.StatusCode, body)
	}
	return resp.Header.Get("X-Teal-Color") + "/" + body
}

func TestAColorThatIsShutGetsNothingNewAndTheOtherDoesIt(t *testing.T) {
	s, at := behindADoor(t)
	limits := release.DrainLimits{Timeout: 5 * time.Second, Streams: 5 * time.Second}
	inside := s.post() // and nginx keeps the connection for a second
	_, err := s.r.Drain(s.ctx, s.app, s.net, release.Blue, limits, nil)
	s.must(err)
	s.must(s.r.Shut(s.ctx, s.app, s.net, release.Blue))
	if err := dials(at); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("a connection to the color ends with %v", err)
	}
	if err := dials(netip.AddrPortFrom(at.Addr(), at.Port()+1)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("one to another port of it ends with %v", err)
	}
	if got := s.post(); got == inside || !strings.Contains(got, string(release.Green)) {
		t.Errorf("a late request is done by %s", got)
	}
	s.must(s.r.Reopen(s.ctx, s.app, s.net))
	if got := s.post(); got != inside {
		t.Errorf("after that one is done by %s, not %s", got, inside)
	}
}

// Uploads that began before the switch go to the color one after the other, and
// nginx keeps each connection for a second.
func TestADoorIsShutOnceLateRequestsHaveCome(t *testing.T) {
	s, at := behindADoor(t)
	inside := s.post()
	until, done := time.Now().Add(2*shutFor/5), make(chan int, 1)
	go func() {
		late := 0
		defer func() { done <- late }()
		for tick := time.NewTicker(200 * time.Millisecond); time.Now().Before(until); <-tick.C {
			s.post()
			late++
		}
	}()
	s.must(s.r.Shut(s.ctx, s.app, s.net, release.Blue))
	if err := dials(at); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("a connection to the color ends with %v", err)
	}
	if late := <-done; late < 3 {
		t.Errorf("%d late requests show little", late)
	}
	if got := s.post(); got == inside {
		t.Errorf("after it a request is done by %s", got)
	}
}

func TestWhatHasWorkToGoOnWithIsKnownByItsSocket(t *testing.T) {
	now := time.Now()
	for what, c := range map[string]struct {
		d    drain
		want bool
	}{
		"nothing open":       {drain{}, false},
		"not seen before":    {drain{open: map[uint64]bool{7: true}}, false},
		"idle for a second":  {drain{open: map[uint64]bool{7: true}, since: map[uint64]time.Time{7: now.Add(-time.Second)}}, false},
		"there for longer":   {drain{open: map[uint64]bool{7: true}, since: map[uint64]time.Time{7: now.Add(-2 * idle)}}, true},
		"another was longer": {drain{open: map[uint64]bool{7: true}, since: map[uint64]time.Time{8: now.Add(-2 * idle)}}, false},
		"sends":              {drain{open: map[uint64]bool{7: true}, sending: true}, true},
	} {
		if got := c.d.working(now); got != c.want {
			t.Errorf("%s: works: %t", what, got)
		}
		if len(c.d.since) != len(c.d.open) {
			t.Errorf("%s: remembers %v", what, c.d.since)
		}
	}
}

func TestADoorIsNotShutOnWhatGoesOn(t *testing.T) {
	s, at := behindADoor(t)
	s.post()
	ctx, cancel := context.WithTimeout(s.ctx, 200*time.Millisecond)
	defer cancel()
	s.must(s.r.Shut(ctx, s.app, s.net, release.Blue)) // nginx keeps its connection for a second
	if err := dials(at); err != nil {
		t.Errorf("a connection to the color ends with %v", err)
	}
}

func TestADoorThatAKilledTealHasShutIsALeftoverOfItsAppAlone(t *testing.T) {
	s, at := behindADoor(t)
	s.must(shut(at))
	s.must(shut(at))
	o, err := s.r.Observe(s.ctx, s.app, s.net)
	s.must(err)
	if len(o.Leftovers) != 1 || !strings.Contains(o.Leftovers[0], at.String()) {
		t.Errorf("leftovers %v", o.Leftovers)
	}
	other := another(t)
	s.must(other.r.Reopen(s.ctx, other.app, other.net))
	if err := dials(at); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("another app has opened it: %v", err)
	}
	for what, open := range map[string]func() error{
		"tidy":   func() error { return s.r.Tidy(s.ctx, s.app) },
		"remove": func() error { return s.r.Remove(s.ctx, s.app) },
	} {
		s.must(shut(at))
		s.must(open())
		if err := dials(at); err != nil {
			t.Errorf("after %s a connection ends with %v", what, err)
		}
	}
}

// Whoever may not change the kernel's rules goes on without.
func TestWhereNoDoorCanBeShutNothingIsDone(t *testing.T) {
	s := setStage(t)
	ports, boxed := s.app, s.app
	ports.Addresses = release.AddressesPorts
	boxed.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: "edge"}}
	for what, app := range map[string]release.App{"ports": ports, "container": boxed} {
		if doors := s.r.doors(app, s.net, release.Blue); len(doors) > 0 {
			t.Errorf("%s: %v", what, doors)
		}
	}
	out, err := asNobody(t, s.r.root)
	if err == nil || !strings.Contains(out, "door: operation not permitted") {
		t.Errorf("%v\n%s", err, out)
	}
	if os.Geteuid() != 0 {
		t.Fatal("the doors take root: sudo make test")
	}
}
