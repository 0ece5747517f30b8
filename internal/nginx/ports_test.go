package nginx

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// onPorts sets the stage with the colors at loopback ports instead of
// addresses, live on blue.
func onPorts(t *testing.T) *stage {
	t.Helper()
	s := setStage(t)
	s.blue.stop()
	s.green.stop()
	loopback := netip.MustParseAddrPort(freeAddr(t)).Addr()
	s.blue = play(t, release.Blue, netip.AddrPortFrom(loopback, 0))
	s.green = play(t, release.Green, netip.AddrPortFrom(loopback, 0))
	s.app.Addresses = release.AddressesPorts
	s.app.Services[0].Port = 1 // the container's, which nobody goes to
	s.app.Services[0].HostPorts = map[release.Color][]int{
		release.Blue: {int(s.blue.at.Port())}, release.Green: {int(s.green.at.Port())},
	}
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	return s
}

func TestColorsAtLoopbackPortsAreSwitched(t *testing.T) {
	s := onPorts(t)
	for n := range 10 {
		c := release.Colors[n%2]
		s.shift(c)
		s.servedBy(c)
	}
}

func TestADrainTellsLoopbackPortsApart(t *testing.T) {
	s := onPorts(t)
	s.shift(release.Green)
	before := s.green.received.Load()
	w := s.dial() // at green, on the same address as blue
	w.send("GET /hold HTTP/1.1\r\nHost: " + testHost + "\r\nConnection: close\r\n\r\n")
	s.eventually("green has the request", func() bool { return s.green.received.Load() > before })
	if d := <-s.drainBlue(release.DrainLimits{Timeout: far, Streams: far}, nil); d.Cut != 0 || d.Color != release.Blue {
		t.Errorf("drained %+v", d)
	}
	s.shift(release.Blue)
	s.held("/hold", "")
	if d := <-s.drainBlue(release.DrainLimits{Timeout: 100 * time.Millisecond, Streams: far}, nil); d.Began != 1 || d.Cut != 1 {
		t.Errorf("drained %+v, want the one request at blue cut", d)
	}
}

func TestTrafficTellsLoopbackPortsApart(t *testing.T) {
	s := onPorts(t)
	s.must(s.r.Watch(s.ctx, s.app, true))
	s.servedBy(release.Blue)
	s.shift(release.Green)
	s.servedBy(release.Green)
	s.servedBy(release.Green)
	got := s.traffic(3)
	if got.ByColor[release.Blue] != 1 || got.ByColor[release.Green] != 2 {
		t.Errorf("counted %v", got.ByColor)
	}
}

func TestAPortThatIsNotGivenIsNamed(t *testing.T) {
	s := onPorts(t)
	s.app.Services[0].HostPorts = map[release.Color][]int{release.Blue: {1}}
	err := s.r.Apply(s.ctx, s.app, s.net)
	if err == nil || !strings.Contains(err.Error(), "web-green-1 has no address") {
		t.Errorf("got %v", err)
	}
}
