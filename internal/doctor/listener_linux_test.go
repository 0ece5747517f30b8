package doctor

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"teal/internal/release"
)

// served is an app on the address, and the proxy that is to serve it.
func served(addr string, p Proxy) Case {
	app := release.App{Site: release.Site{Listen: []string{addr}}, Routes: []release.Route{{Path: "/", To: "web"}}}
	return Case{App: &app, Proxies: []Proxy{p}}
}

func TestAnAddressIsFreeOrItsHolderIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	own := release.ProxyState{Running: true, PID: os.Getpid()}
	standalone := release.Proxy{Kind: release.ProxyStandalone}
	has(t, served(at, Proxy{Proxy: standalone}).listens(), release.GradeFail, "is held by pid")
	has(t, served(port, Proxy{Proxy: standalone}).listens(), release.GradeFail, "doctor.test")
	has(t, served(at, Proxy{Proxy: standalone, State: own}).listens(), release.GradeOK, "is held by the standalone nginx")
	if found := served(at, Proxy{Proxy: release.Proxy{Kind: release.ProxyContainer}}).listens(); len(found) > 0 {
		t.Errorf("a container's addresses are its own: %+v", found)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	has(t, served(at, Proxy{Proxy: standalone}).listens(), release.GradeOK, "is free")
}

func TestAnotherNginxOnTheAddressIsToldApart(t *testing.T) {
	dir := folder(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conf := "daemon off; pid " + dir + "/pid; error_log stderr; events {} http { access_log off; server { listen " + at + "; } }"
	if err := os.WriteFile(dir+"/nginx.conf", []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nginx", "-c", dir+"/nginx.conf")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	addr := netip.MustParseAddrPort(at)
	tick, limit := time.NewTicker(10*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for held := false; !held; _, held = listener(addr) {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("nginx does not listen")
		}
	}
	has(t, served(at, Proxy{Proxy: release.Proxy{Kind: release.ProxyStandalone}}).listens(), release.GradeFail, "held by another nginx")
	has(t, served(at, Proxy{Proxy: release.Proxy{Kind: release.ProxyHost}, State: release.ProxyState{Running: true, PID: cmd.Process.Pid}}).listens(), release.GradeOK, "host nginx")
}

func TestAddressesMeetAsTheKernelSeesThem(t *testing.T) {
	for _, tc := range []struct {
		held, wanted string
		want         bool
	}{
		{"0.0.0.0:80", "127.0.0.1:80", true},
		{"127.0.0.1:80", "0.0.0.0:80", true},
		{"127.0.0.1:80", "127.0.0.2:80", false},
		{"127.0.0.1:80", "127.0.0.1:81", false},
		{"[::]:80", "0.0.0.0:80", true},
		{"0.0.0.0:80", "[::]:80", false},
		{"[::1]:80", "0.0.0.0:80", false},
		{"[::1]:80", "[::]:80", true},
	} {
		if got := meet(netip.MustParseAddrPort(tc.held), netip.MustParseAddrPort(tc.wanted)); got != tc.want {
			t.Errorf("%s beside %s: %v", tc.wanted, tc.held, got)
		}
	}
}
