package nginx

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// secured sets the stage with HTTPS and a certificate of teal's making; nginx
// runs and serves nothing yet.
func secured(t *testing.T) *stage {
	t.Helper()
	s := setStage(t)
	s.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}, SelfSigned: true, HTTP2: true, Redirect: 308}
	s.up()
	return s
}

// live brings the app up on blue.
func (s *stage) live() *stage {
	s.t.Helper()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	return s
}

// trusting is a client that goes to the site's HTTPS address whatever the
// host, and believes teal's certificate alone.
func (s *stage) trusting() *http.Client {
	s.t.Helper()
	cert, _ := s.r.pair(s.app.Name, s.app.Site.TLS)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(readFile(s.t, cert))) {
		s.t.Fatal("no certificate")
	}
	c := &http.Client{Transport: &http.Transport{
		DialContext:       s.dialSite,
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true,
	}}
	s.t.Cleanup(c.CloseIdleConnections)
	return c
}

func (s *stage) dialSite(ctx context.Context, network, addr string) (net.Conn, error) {
	at := s.app.Site.TLS.Listen[0]
	if strings.HasSuffix(addr, ":80") {
		at = s.addr
	}
	return (&net.Dialer{}).DialContext(ctx, network, at)
}

// over sends a request and returns the answer, its body and its protocol.
func (s *stage) over(c *http.Client, method, url, body string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.ctx, method, url, strings.NewReader(body))
	s.must(err)
	resp, err := c.Do(req)
	s.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	s.must(err)
	return resp, string(text)
}

func TestASiteIsServedOverHTTPSAndSwitched(t *testing.T) {
	s := secured(t).live()
	c := s.trusting()
	for _, color := range release.Colors {
		s.shift(color)
		resp, body := s.over(c, http.MethodGet, "https://"+testHost+"/color", "")
		if body != string(color) || resp.ProtoMajor != 2 {
			t.Errorf("%s: answered %q over %s", color, body, resp.Proto)
		}
		_, body = s.over(c, http.MethodGet, "https://"+testHost+"/headers", "")
		if !strings.Contains(body, "X-Forwarded-Proto: https\n") {
			t.Errorf("the color was told %s", body)
		}
	}
}

func TestPlainHTTPLeadsToHTTPSAndAPostStaysOne(t *testing.T) {
	s := secured(t)
	s.app.Site.TLS.ACME = publicDir(t)
	challenge := filepath.Join(s.app.Site.TLS.ACME, ".well-known", "acme-challenge")
	s.must(os.MkdirAll(challenge, 0o755))
	s.must(os.WriteFile(filepath.Join(challenge, "token"), []byte("proof"), 0o644))
	s.live()
	resp, _ := s.get("/color?a=b%2Fc")
	_, port, _ := net.SplitHostPort(s.app.Site.TLS.Listen[0])
	if got := resp.Header.Get("Location"); resp.StatusCode != 308 || got != "https://"+testHost+":"+port+"/color?a=b%2Fc" || s.keeps("/") {
		t.Errorf("answered %d to %q, or the connection is kept", resp.StatusCode, got)
	}
	if _, body := s.over(s.trusting(), http.MethodPost, "http://"+testHost+"/upload", "12345"); body != "blue 5" {
		t.Errorf("a POST over the redirect came as %q", body)
	}
	if resp, body := s.get("/.well-known/acme-challenge/token"); resp.StatusCode != 200 || body != "proof" {
		t.Errorf("the challenge was answered %d %q", resp.StatusCode, body)
	}
	req := s.request(http.MethodGet, "/", nil)
	req.Host = "other.test"
	if resp, _ := s.do(req); resp.StatusCode != 404 {
		t.Errorf("another host was answered %d", resp.StatusCode)
	}
}

func TestWithoutARedirectBothAreServed(t *testing.T) {
	s := secured(t)
	s.app.Site.TLS.Redirect, s.app.Site.TLS.HTTP2 = 0, false
	s.live().servedBy(release.Blue)
	if resp, body := s.over(s.trusting(), http.MethodGet, "https://"+testHost+"/color", ""); body != "blue" || resp.ProtoMajor != 1 {
		t.Errorf("answered %q over %s", body, resp.Proto)
	}
}

// handshake tries one with the site's HTTPS address.
func (s *stage) handshake(host string, highest uint16) error {
	conn, err := tls.Dial("tcp", s.app.Site.TLS.Listen[0], &tls.Config{ServerName: host, InsecureSkipVerify: true, MaxVersion: highest, MinVersion: tls.VersionTLS10})
	if err == nil {
		conn.Close()
	}
	return err
}

func TestAHandshakeForAnUnknownHostOrOfOldTLSFails(t *testing.T) {
	s := secured(t).live()
	s.must(s.handshake(testHost, tls.VersionTLS12))
	if err := s.handshake("other.test", tls.VersionTLS13); err == nil {
		t.Error("an unknown host was met")
	}
	if err := s.handshake(testHost, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
}

func TestASelfSignedCertificateIsMadeOnceAndItsKeyIsSecret(t *testing.T) {
	s := secured(t).live()
	cert, key := s.r.pair("voda", s.app.Site.TLS)
	info, err := os.Stat(key)
	s.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v", info.Mode())
	}
	if !strings.HasPrefix(cert, s.r.app("voda")+"/tls/") {
		t.Errorf("it is at %s", cert)
	}
	block, _ := pem.Decode([]byte(readFile(t, cert)))
	parsed, err := x509.ParseCertificate(block.Bytes)
	s.must(err)
	s.must(parsed.VerifyHostname(testHost))
	s.must(parsed.VerifyHostname("localhost"))
	if days := parsed.NotAfter.Sub(parsed.NotBefore).Hours() / 24; days < 824 || days > 826 {
		t.Errorf("it lives %.0f days", days)
	}
	before := s.master().workers()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	if after := s.master().workers(); after[0] != before[0] {
		t.Error("nginx was reloaded for nothing")
	}
}

func TestACertificateThatIsRenewedInItsPlaceIsTakenUp(t *testing.T) {
	s := secured(t)
	dir := publicDir(t)
	s.app.Site.TLS.Cert, s.app.Site.TLS.Key = filepath.Join(dir, "site.pem"), filepath.Join(dir, "site.key")
	s.live()
	if !s.observed().Current() {
		t.Fatalf("observed %+v", s.observed())
	}
	cert, key, err := selfSigned([]string{testHost}, time.Now())
	s.must(err)
	s.must(write([]file{{s.app.Site.TLS.Key, key, 0o600}, {s.app.Site.TLS.Cert, cert, 0o644}}))
	if s.observed().Current() {
		t.Error("the old certificate passes for the new one")
	}
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	if _, body := s.over(s.trusting(), http.MethodGet, "https://"+testHost+"/color", ""); body != "blue" {
		t.Errorf("answered %q", body)
	}
	if !s.observed().Current() {
		t.Errorf("observed %+v", s.observed())
	}
}

func TestTealsOwnCertificateIsMadeAnewInTime(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		hosts, wanted []string
		made          time.Time
		want          bool
	}{
		"fresh":        {[]string{"a.test"}, []string{"a.test"}, now, false},
		"a month left": {[]string{"a.test"}, []string{"a.test"}, now.Add(-selfSignedLife + 29*24*time.Hour), true},
		"another host": {[]string{"a.test"}, []string{"a.test", "b.test"}, now, true},
		"an address":   {[]string{"10.0.0.5", "*.a.test"}, []string{"10.0.0.5", "*.a.test"}, now, false},
		"expired":      {nil, nil, now.Add(-3 * 365 * 24 * time.Hour), true},
	} {
		cert, _, err := selfSigned(c.hosts, c.made)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(publicDir(t), "cert.pem")
		if err := os.WriteFile(path, cert, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := due(path, c.wanted, now); got != c.want {
			t.Errorf("%s: due %v", name, got)
		}
	}
}

func TestTealsOwnCertificateIsRenewedByADeploy(t *testing.T) {
	s := secured(t).live()
	cert, key := s.r.pair("voda", s.app.Site.TLS)
	for left, want := range map[time.Duration]bool{31 * 24 * time.Hour: true, 29 * 24 * time.Hour: false} {
		certText, keyText, err := selfSigned([]string{testHost}, time.Now().Add(left-selfSignedLife))
		s.must(err)
		s.must(write([]file{{key, keyText, 0o600}, {cert, certText, 0o644}}))
		if proxy, err := s.r.tls(s.app, s.app.Proxies[0]); err != nil || (proxy.Sum != "due") != want {
			t.Errorf("%s before its end: %v, %v", left, proxy, err)
		}
	}
	certText, keyText, err := selfSigned([]string{testHost}, time.Now().Add(24*time.Hour-selfSignedLife))
	s.must(err)
	s.must(write([]file{{key, keyText, 0o600}, {cert, certText, 0o644}}))
	if s.observed().Current() {
		t.Error("a certificate that ends tomorrow is as wanted")
	}
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	if s.observed().Current() != true || due(cert, []string{testHost}, time.Now()) {
		t.Errorf("observed %+v", s.observed())
	}
	if _, body := s.over(s.trusting(), http.MethodGet, "https://"+testHost+"/color", ""); body != "blue" {
		t.Errorf("answered %q", body)
	}
}

func TestACertificateOfSomebodyElseIsNeverTouched(t *testing.T) {
	s := secured(t)
	dir := publicDir(t)
	s.app.Site.TLS.Cert, s.app.Site.TLS.Key = filepath.Join(dir, "site.pem"), filepath.Join(dir, "site.key")
	theirs := []byte("theirs, and broken")
	s.must(os.WriteFile(s.app.Site.TLS.Cert, theirs, 0o644))
	err := s.r.Apply(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(err.Error(), "site.key is missing") {
		t.Errorf("got %v", err)
	}
	s.must(os.WriteFile(s.app.Site.TLS.Key, theirs, 0o600))
	err = s.r.Apply(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "site.pem") {
		t.Errorf("got %v", describe(err))
	}
	if !bytes.Equal([]byte(readFile(t, s.app.Site.TLS.Cert)), theirs) {
		t.Error("it was changed")
	}
	if s.tree() != "" {
		t.Errorf("left behind:\n%s", s.tree())
	}
}

func TestAMissingCertificateIsNamedByNginx(t *testing.T) {
	s := secured(t)
	s.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}, Cert: "/nowhere/site.pem", Key: "/nowhere/site.key"}
	err := s.r.Apply(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), `"/nowhere/site.pem"`) {
		t.Errorf("got %v", describe(err))
	}
	if s.tree() != "" {
		t.Errorf("left behind:\n%s", s.tree())
	}
}

func TestIPv6IsListenedOn(t *testing.T) {
	s := secured(t)
	_, port, _ := net.SplitHostPort(s.addr)
	_, tlsPort, _ := net.SplitHostPort(s.app.Site.TLS.Listen[0])
	s.app.Site.Listen = append(s.app.Site.Listen, "[::1]:"+port)
	s.app.Site.TLS.Listen = append(s.app.Site.TLS.Listen, "[::1]:"+tlsPort)
	s.live() // asks all four
	s.addr = "[::1]:" + port
	if resp, _ := s.get("/color"); resp.StatusCode != 308 {
		t.Errorf("answered %d", resp.StatusCode)
	}
	s.app.Site.TLS.Listen = s.app.Site.TLS.Listen[1:]
	if _, body := s.over(s.trusting(), http.MethodGet, "https://"+testHost+"/color", ""); body != "blue" {
		t.Errorf("answered %q", body)
	}
}

func TestAnAddressAsHostNeedsNoNameInTheHandshake(t *testing.T) {
	s := secured(t)
	s.app.Site.Hosts = []string{"127.0.0.1"}
	s.live()
	if _, body := s.over(s.trusting(), http.MethodGet, "https://127.0.0.1/color", ""); body != "blue" {
		t.Errorf("answered %q", body)
	}
}

func TestAReloadUnderHTTP2LosesNoRequest(t *testing.T) {
	s := secured(t).live()
	c := s.trusting()
	stop, failed := make(chan struct{}), make(chan error, 1)
	sent := 0
	go func() {
		defer close(failed)
		for ; ; sent++ {
			select {
			case <-stop:
				return
			default:
			}
			resp, err := c.Post("https://"+testHost+"/color", "text/plain", strings.NewReader("x"))
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	for n := range 3 {
		s.app.Routes[0].MaxBody = int64(1<<20 + n)
		s.must(s.r.Apply(s.ctx, s.app, s.net))
	}
	close(stop)
	if err := <-failed; err != nil {
		t.Errorf("after %d requests: %v", sent, err)
	}
	t.Logf("%d requests over 3 reloads", sent)
}
