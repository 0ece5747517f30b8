package nginx

import (
	"fmt"
	"net/netip"
	"testing"

	"teal/internal/release"
)

func TestTheFrontIsWhereClientsGo(t *testing.T) {
	s := setStage(t)
	s.app.Site.Listen = []string{"80"}
	front := func() string {
		f, err := s.r.Front(s.ctx, s.app)
		s.must(err)
		return fmt.Sprintf("%v %v %s", f.Addr, f.TLS, f.Host)
	}
	if got := front(); got != "127.0.0.1:80 false voda.test" {
		t.Errorf("plain: %s", got)
	}
	s.app.Site.TLS = &release.TLS{Listen: []string{"8443"}, Redirect: 308}
	if got := front(); got != "127.0.0.1:8443 true voda.test" {
		t.Errorf("with a redirect: %s", got)
	}
	s.app.Proxies[0].Listen = []string{"127.0.0.1:8081"}
	if got := front(); got != "127.0.0.1:8081 false voda.test" {
		t.Errorf("at an address of its own: %s", got)
	}
}

func TestAProxyBelievesThoseBeforeIt(t *testing.T) {
	net := release.Network{Subnet: netip.MustParsePrefix("10.208.0.0/24")}
	host, standalone := release.Proxy{Kind: release.ProxyHost}, release.Proxy{Kind: release.ProxyStandalone}
	edge := release.Proxy{Kind: release.ProxyContainer, Service: "edge"}
	for _, c := range []struct {
		chain []release.Proxy
		of    int
		want  string
	}{
		{[]release.Proxy{host}, 0, "[]"},
		{[]release.Proxy{host, standalone}, 0, "[]"},
		{[]release.Proxy{host, standalone}, 1, "[127.0.0.0/8 ::1/128]"},
		{[]release.Proxy{host, edge}, 1, "[127.0.0.0/8 ::1/128 10.208.0.1/32]"},
		{[]release.Proxy{edge, standalone}, 1, "[127.0.0.0/8 ::1/128 10.208.0.128/25]"},
	} {
		if got := fmt.Sprint(trusted(release.App{Proxies: c.chain}, c.chain[c.of], net)); got != c.want {
			t.Errorf("%v: the proxy %d believes %s, want %s", c.chain, c.of+1, got, c.want)
		}
	}
}
