package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"teal/internal/witness"
	"teal/test/before/layout"
)

func TestScenarioThreeTiersAreAdoptedAndSwitchAtOneInstant(t *testing.T) {
	t.Parallel()
	a, s := found(t, "three-tiers")
	a.adopt(s, "{http: /healthz, timeout: 5s}", "--nginx", filepath.Join(s.Root, "etc/nginx/nginx.conf"))
	tiers := browse(t, s)
	tiers.serve("1")
	load := witness.Start(t.Context(), s.Load(8))
	pages := tiers.read(t.Context())
	for _, version := range []int{2, 3} {
		a.mustDeploy(version)
		tiers.serve(fmt.Sprint(version))
	}
	a.run(built.teal, []string{"VERSION=4", "BROKEN=1"}, "deploy").fails(3, "503")
	tiers.serve("3")
	a.must("rollback")
	tiers.serve("2")
	if seen := pages(); seen.mixed > 0 || seen.pages < 100 || seen.switches < 3 {
		t.Errorf("%d pages, %d switches between two of them, %d got an answer of another release: %s", seen.pages, seen.switches, seen.mixed, seen.first)
	} else {
		t.Logf("%d pages read, %d switches met, 0 mixed", seen.pages, seen.switches)
	}
	if seen := load.Stop(); seen.Lost() != 0 || seen.Answered == 0 {
		t.Errorf("the witness lost %d of %d: %s (%+v)", seen.Lost(), seen.Sent, seen.First, seen)
	} else {
		t.Logf("witness: %d sent, 0 lost", seen.Sent)
	}
	tiers.keepWhatTheOwnerWrote(a)
	a.follows(s)
}

// tiers are clients of the example.
type tiers struct {
	t  *testing.T
	s  *layout.Stand
	h1 *http.Client
	h2 *http.Client
}

func browse(t *testing.T, s *layout.Stand) *tiers {
	own := &tls.Config{InsecureSkipVerify: true, ServerName: s.Host()} // the certificate is the stand's own
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

// reading is what readers of pages have met.
type reading struct {
	pages, switches, mixed int
	first                  string
}

// read reads pages, each with the answers that its script asks for, until the
// returned function is called. Between two pages of one release no answer may be
// of another; where the release changed between them, each may be of either.
func (b *tiers) read(ctx context.Context) func() reading {
	ctx, cancel := context.WithCancel(ctx)
	var seen reading
	var mu sync.Mutex
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				one := b.page(ctx)
				mu.Lock()
				seen.pages += one.pages
				seen.switches += one.switches
				seen.mixed += one.mixed
				if seen.first == "" {
					seen.first = one.first
				}
				mu.Unlock()
			}
		})
	}
	return func() reading {
		cancel()
		readers.Wait()
		return seen
	}
}

func (b *tiers) page(ctx context.Context) reading {
	var got [4]string
	for i, path := range append(tierPaths, "/") {
		_, release, err := b.ask(ctx, b.h1, http.MethodGet, "127.0.0.1", path, nil)
		if err != nil && ctx.Err() == nil {
			return reading{pages: 1, mixed: 1, first: err.Error()}
		}
		if err != nil {
			return reading{}
		}
		got[i] = release
	}
	seen := reading{pages: 1}
	before, after := got[0], got[3]
	if before != after {
		seen.switches = 1
	}
	for _, answer := range got[1:3] {
		if answer != before && answer != after {
			seen.mixed, seen.first = 1, fmt.Sprint(got)
		}
	}
	return seen
}

// keepWhatTheOwnerWrote checks what the site did before teal did anything.
func (b *tiers) keepWhatTheOwnerWrote(a *app) {
	b.t.Helper()
	for size, want := range map[int]int{50 << 20: http.StatusOK, 51 << 20: http.StatusRequestEntityTooLarge} {
		res, _, err := b.ask(b.t.Context(), b.h2, http.MethodPost, "127.0.0.1", "/api/import", bytes.NewReader(make([]byte, size)))
		if err != nil || res.StatusCode != want {
			b.t.Errorf("%d bytes are answered %+v, %v, want %d", size, res, err, want)
		}
	}
	res, _, err := b.ask(b.t.Context(), b.h2, http.MethodGet, "127.0.0.1", "/assets/shop.css", nil)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "max-age=3600" {
		b.t.Errorf("the style sheet: %+v, %v", res, err)
	}
	confs, err := filepath.Glob(filepath.Join(a.state, "apps", a.name, "host.*.conf"))
	if err != nil || len(confs) != 1 {
		b.t.Fatalf("teal's configuration is in %v, %v", confs, err)
	}
	text, err := os.ReadFile(confs[0])
	if err != nil || strings.Count(string(text), "least_conn;") != 6 {
		b.t.Errorf("not all six upstreams have least_conn: %v\n%s", err, text)
	}
}
