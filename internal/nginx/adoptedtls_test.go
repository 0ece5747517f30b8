package nginx

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"teal/internal/release"
)

// The certificate is its owner's: teal asks over it and never writes it.
func TestAnAdoptedSiteOfHTTPSAloneIsAskedAndReloadedUnderHTTP2(t *testing.T) {
	m := inherit(t, "")
	cert, key := filepath.Join(m.dir, "cert.pem"), filepath.Join(m.dir, "key.pem")
	certText, keyText, err := selfSigned(m.app.Site.Hosts, time.Now())
	m.must(err)
	m.must(os.WriteFile(cert, certText, 0o644))
	m.must(os.WriteFile(key, keyText, 0o600))
	m.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}, Cert: cert, Key: key}
	m.app.Site.Listen = nil
	m.include(release.Include(m.r.root, "voda", m.app.Proxies[0].Place("voda")),
		fmt.Sprintf("listen %s ssl http2; ssl_certificate %s; ssl_certificate_key %s;", m.app.Site.TLS.Listen[0], cert, key))
	_, _, err = m.r.Adopt(m.ctx, m.app)
	m.must(err)
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	front, err := m.r.Front(m.ctx, m.app)
	if err != nil || !front.TLS || front.Host != testHost {
		t.Errorf("clients meet it at %+v (%v)", front, err)
	}
	c := m.trusting()
	for n := range 4 {
		color := release.Colors[n%2]
		m.shift(color)
		m.app.Routes[0].Options.Balance = []release.Balance{release.LeastConn, release.RoundRobin}[n%2]
		m.must(m.r.Apply(m.ctx, m.app, m.net))
		if resp, body := m.over(c, http.MethodGet, "https://"+testHost+"/color", ""); body != string(color) || resp.ProtoMajor != 2 {
			t.Errorf("%s %q, want %s", resp.Proto, body, color)
		}
	}
	if readFile(t, cert) != string(certText) || m.observed().Blocked != nil {
		t.Errorf("observed %+v", m.observed())
	}
}
