package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/witness"
	"teal/test/before/layout"
)

func TestScenarioThreeTiersAreAdoptedAndSwitchAtOneInstant(t *testing.T) {
	t.Parallel()
	a, s := found(t, "three-tiers")
	tiers := browse(t, s, filepath.Join(s.Root, "etc/letsencrypt/live", s.Host(), "fullchain.pem"))
	tiers.keepWhatTheOwnerWrote("as found")
	a.adopt(s, "{http: /healthz, timeout: 20s}", "--nginx", filepath.Join(s.Root, "etc/nginx/nginx.conf"))
	tiers.serve("1")
	load := witness.Start(t.Context(), visitors(s))
	pages := tiers.read(t.Context())
	var turns []turn
	turns = append(turns, turn{time.Now(), "1", "2"})
	a.mustDeploy(2)
	tiers.serve("2")
	turns = append(turns, turn{time.Now(), "2", "3"})
	a.mustDeploy(3)
	tiers.serve("3")
	a.run(built.teal, []string{"VERSION=4", "BROKEN=1"}, "deploy").fails(3, "503")
	tiers.serve("3")
	turns = append(turns, turn{time.Now(), "3", "2"})
	a.must("rollback")
	tiers.serve("2")
	pages().sawOneInstantEach(t, turns...)
	a.lostNothing(load)
	tiers.keepWhatTheOwnerWrote("in blue")
	a.mustDeploy(5)
	tiers.serve("5")
	tiers.keepWhatTheOwnerWrote("in green")
	a.balances()
	a.follows(s)
}

// tiers are clients of the example.
type tiers struct {
	t  *testing.T
	s  *layout.Stand
	h1 *http.Client
	h2 *http.Client
}

// browse trusts the site's certificate and no other.
func browse(t *testing.T, s *layout.Stand, certificate string) *tiers {
	t.Helper()
	text, err := os.ReadFile(certificate)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s: %v", certificate, err)
	}
	own := &tls.Config{RootCAs: roots, ServerName: s.Host()}
	b := &tiers{t: t, s: s,
		h1: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: own, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}},
		h2: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: own.Clone(), ForceAttemptHTTP2: true}},
	}
	t.Cleanup(b.h1.CloseIdleConnections)
	t.Cleanup(b.h2.CloseIdleConnections)
	return b
}

// ask sends one request to the loopback address, and returns the release that
// the answer names.
func (b *tiers) ask(ctx context.Context, c *http.Client, method, loopback, path string, body io.Reader) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("https://%s:%d%s", loopback, b.s.Port, path), body)
	if err != nil {
		return nil, "", err
	}
	req.Host = b.s.Host()
	res, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return nil, "", err
	}
	return res, res.Header.Get("X-Release"), nil
}

var tierPaths = []string{"/", "/api/stock", "/papi/stock"}

// serve checks all tiers over both protocols and both families of addresses.
func (b *tiers) serve(version string) {
	b.t.Helper()
	for protocol, c := range map[int]*http.Client{1: b.h1, 2: b.h2} {
		for _, loopback := range []string{"127.0.0.1", "[::1]"} {
			for _, path := range tierPaths {
				res, release, err := b.ask(b.t.Context(), c, http.MethodGet, loopback, path, nil)
				if err != nil || res.StatusCode != http.StatusOK || release != version || res.ProtoMajor != protocol {
					b.t.Errorf("HTTP/%d at %s%s: release %q, %v, want release %s (%+v)", protocol, loopback, path, release, err, version, res)
				}
			}
		}
	}
}

// balances checks that least_conn is kept, in each tier and color.
func (a *app) balances() {
	a.t.Helper()
	confs, err := filepath.Glob(filepath.Join(a.state, "apps", a.name, "host.*.conf"))
	if err != nil || len(confs) != 1 {
		a.t.Fatalf("teal's configuration is in %v, %v", confs, err)
	}
	text, err := os.ReadFile(confs[0])
	if err != nil || strings.Count(string(text), "least_conn;") != 6 {
		a.t.Errorf("not all six upstreams have least_conn: %v\n%s", err, text)
	}
}
