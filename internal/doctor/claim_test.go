package doctor

import (
	"net"
	"net/netip"
	"testing"

	"teal/internal/release"
)

// claimed is what is found of a port that the app's shared cache is to get.
func claimed(port int, engine release.EngineFacts, held ...release.Published) []release.Finding {
	k := release.Claim{Owner: "shared service cache", Place: "compose.yaml:4:5", Project: "shop", Host: "127.0.0.1", Port: port, Protocol: "tcp"}
	return Case{Claims: []release.Claim{k}, Published: held, Engine: engine}.claims()
}

func TestAPortThatAContainerIsToGetIsFreeItsOwnOrTakenByWhom(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port, here := l.Addr().(*net.TCPAddr).Port, release.EngineFacts{Local: true}
	at := func(container, project, host, protocol string) release.Published {
		return release.Published{Container: container, Project: project, Host: netip.MustParseAddr(host), Port: port, Protocol: protocol}
	}
	has(t, claimed(port, here, at("shop-cache-1", "shop", "127.0.0.1", "tcp")), release.GradeOK, "its own container shop-cache-1")
	has(t, claimed(port, here, at("other-db-1", "other", "0.0.0.0", "tcp")), release.GradeFail, "which the shared service cache publishes, is held by container other-db-1")
	// A color's container isn't the shared service's.
	has(t, claimed(port, here, at("shop-blue-web-1", "shop-blue", "127.0.0.1", "tcp")), release.GradeFail, "shop-blue-web-1")
	has(t, claimed(port, here, at("other-db-1", "other", "127.0.0.2", "tcp"), at("other-dns-1", "other", "127.0.0.1", "udp")), release.GradeFail, "is held by pid")
	if f := claimed(port, here); f[0].Place != "compose.yaml:4:5" || f[0].Code != release.Gate {
		t.Errorf("%+v", f[0])
	}
	if f := claimed(port, release.EngineFacts{}); len(f) > 0 {
		t.Errorf("this machine says nothing of the engine's: %+v", f)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	has(t, claimed(port, here), release.GradeOK, "is free for the shared service cache")
}
