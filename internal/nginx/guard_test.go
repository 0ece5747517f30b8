package nginx

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"teal/internal/release"
)

// withoutBridge gives the stage addresses in a subnet that nothing on this
// machine leads to, as when the app's network was removed.
func (s *stage) withoutBridge() netip.Prefix {
	s.t.Helper()
	subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 238, byte(int(subnets.Add(1)) + os.Getpid()%200), 0}), 24)
	var err error
	s.net, err = release.Network{Subnet: subnet}.Assign(s.app.Services)
	s.must(err)
	s.t.Cleanup(func() {
		if err := unbar(subnet); err != nil {
			s.t.Error(err)
		}
	})
	return subnet
}

// unreachable asks the kernel for a way to a slot, without sending anything.
func (s *stage) unreachable() bool {
	s.t.Helper()
	conn, err := net.Dial("udp", netip.AddrPortFrom(s.slot(release.Blue), 9).String())
	if err == nil {
		conn.Close()
		return false
	}
	if !errors.Is(err, syscall.EHOSTUNREACH) {
		s.t.Fatal(err)
	}
	return true
}

func TestRequestsForANetworkThatIsGoneDoNotLeaveTheMachine(t *testing.T) {
	s := setStage(t)
	s.withoutBridge()
	s.up()
	before := readFile(t, "/proc/net/route")
	if s.unreachable() {
		t.Fatal("this machine has no default route, or one of ours was left")
	}
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	if !s.unreachable() {
		t.Fatal("they follow the default route")
	}
	if resp, _ := s.get("/"); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("answered %d", resp.StatusCode)
	}
	s.must(s.r.Remove(s.ctx, s.app))
	if s.unreachable() {
		t.Errorf("the route is still there; before:\n%s\nnow:\n%s", before, readFile(t, "/proc/net/route"))
	}
}

func TestAGuardThatARebootForgotIsBackWithTheNextDeploy(t *testing.T) {
	s := setStage(t)
	subnet := s.withoutBridge()
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.must(s.r.Apply(s.ctx, s.app, s.net)) // twice is as good as once
	for what, again := range map[string]func() error{
		"apply":   func() error { return s.r.Apply(s.ctx, s.app, s.net) },
		"a shift": func() error { s.shift(release.Green); return nil },
	} {
		s.must(unbar(subnet))
		s.must(unbar(subnet))
		s.must(again())
		if !s.unreachable() {
			t.Errorf("%s does not bring it back", what)
		}
	}
}

func TestAGuardGoesWithAnAppWhoseFilesWereLost(t *testing.T) {
	s := setStage(t)
	s.withoutBridge()
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.must(os.RemoveAll(s.r.app("voda")))
	if s.observed(); !s.unreachable() { // as a down begins
		t.Error("there was no guard")
	}
	s.must(s.r.Remove(s.ctx, s.app))
	if s.unreachable() {
		t.Error("the guard is still there")
	}
}

func TestTheBridgesOwnRouteComesFirst(t *testing.T) {
	h := moor(t)
	h.ship(everything)
	h.settle() // which also proves that the colors at the gateway are reached
	h.servedBy(release.Blue)
	routes := readFile(t, "/proc/net/route")
	if n := strings.Count(routes, hexOf(h.net.Subnet.Addr())); n != 2 {
		t.Errorf("%d routes to %s:\n%s", n, h.net.Subnet, routes)
	}
	if h.unreachable() {
		t.Error("the guard is in the way")
	}
	h.must(h.r.Remove(h.ctx, h.app))
	if n := strings.Count(readFile(t, "/proc/net/route"), hexOf(h.net.Subnet.Addr())); n != 1 {
		t.Errorf("%d routes are left", n)
	}
}

// hexOf is the address as /proc/net/route has it, on a little-endian machine.
func hexOf(a netip.Addr) string {
	b := a.As4()
	return fmt.Sprintf("\t%02X%02X%02X%02X\t", b[3], b[2], b[1], b[0])
}
