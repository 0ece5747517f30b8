package e2e

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

const siteCompose = `services:
  web:
    image: IMAGE
    command: [/mirror]
    environment: {VERSION: "${VERSION:-1}"}
`

// siteTeal says all that can be said of a site.
const siteTeal = `app: NAME
services:
  web: {port: 8080, replicas: 2, health: {http: /healthz}}
site:
  hosts: [shop.example, "*.shop.example"]
  listen: ["127.0.0.1:PORT"]
  tls: {listen: ["127.0.0.1:SECURE"], cert: tls/site.pem, key: tls/site.key, self_signed: true, acme: acme}
  redirect: 308
  gzip: true
  error_pages: {413: pages/large.html, 502: pages/down.html, 504: pages/down.html}
  access_log: {path: access.log, format: json}
routes:
  - {path: /static/, files: static, options: {expires: 1h, headers: {X-Content-Type-Options: nosniff}}}
  - path: /api/
    to: web
    strip: true
    max_body: 8k
    options: {send_timeout: 1m, buffering: false, request_buffering: false, buffer_size: 16k, balance: ip_hash, headers: {X-Frame-Options: DENY}}
  - {path: /silent, to: web, options: {read_timeout: 1s, balance: ip_hash}}
  - {path: /, to: web, max_body: unlimited, options: {balance: ip_hash, limit_rate: 64m}}
proxy: standalone
deploy: {drain: {timeout: 3s, streams: 3s}}
`

// site is an application with all of a site's settings.
type site struct {
	*app
	secure int // its port for HTTPS
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{bare(t), freePort(t)}
	s.host = "shop.example"
	s.write("compose.yaml", strings.ReplaceAll(siteCompose, "IMAGE", packOdd(t)))
	s.config(strings.Replace(siteTeal, "SECURE", fmt.Sprint(s.secure), 1))
	for _, dir := range []string{"tls", "acme/.well-known/acme-challenge", "pages", "static/empty"} {
		if err := os.MkdirAll(filepath.Join(s.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"acme/.well-known/acme-challenge/token": "proof", "pages/large.html": "<p>too large, says the shop\n", "pages/down.html": "<p>back soon, says the shop\n",
		"static/a.css": "p { color: teal }\n/* " + strings.Repeat("teal ", 500) + " */\n",
	} {
		s.write(name, text)
	}
	if err := os.Symlink("../teal.yaml", filepath.Join(s.dir, "static", "out.css")); err != nil {
		t.Fatal(err)
	}
	return s
}

// reflection is a request as the application got it.
type reflection struct {
	Method, Path, Host, Version, Replica string
	Header                               http.Header
	Body                                 int64
}

// client goes to the site's HTTPS port whatever the URL says.
func (s *site) client(http2 bool) *http.Client {
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", s.secure))
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: http2, DisableCompression: true,
	}
	s.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Timeout: 10 * time.Second, Transport: t}
}

// https asks the site over HTTPS.
func (s *site) https(method, path, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, "https://"+s.host+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return s.sent(s.client(true), req)
}

// mirrored is https, for a request that the application gets.
func (s *site) mirrored(method, path, body string, headers ...string) (*http.Response, reflection) {
	s.t.Helper()
	res, text := s.https(method, path, body, headers...)
	var r reflection
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		s.t.Errorf("%s %s: answered %d %q", method, path, res.StatusCode, text)
	}
	return res, r
}

func TestScenarioASiteIsServedAsItsSettingsSay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.mustDeploy(1)
	s.mustDeploy(2) // green is served like blue
	// New workers know nothing of the faults that the replicas have by the
	// witness, which asks the silent route too.
	master := masterOf(t, filepath.Join(s.state, "proxy", "nginx.pid"))
	s.reloads(master, func() {
		if err := syscall.Kill(master, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	})
	for _, c := range []struct {
		name  string
		check func(*site)
	}{
		{"silence", (*site).checkSilence},
		{"https", (*site).checkHTTPS}, {"plain", (*site).checkPlain}, {"headers", (*site).checkHeaders}, {"bodies", (*site).checkBodies},
		{"files", (*site).checkFiles}, {"compression", (*site).checkCompression}, {"log", (*site).checkLog},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := *s.app
			app.t = t
			c.check(&site{&app, s.secure})
		})
	}
	s.docker(func(ctx context.Context, cli *client.Client) error {
		for n := 1; n <= 2; n++ {
			if err := stopIt(ctx, cli, s.id(fmt.Sprintf("web-green-%d", n))); err != nil {
				return err
			}
		}
		return nil
	})
	// The address of a container that is gone refuses nobody, it is silent.
	if res, body := s.https("GET", "/", ""); res.StatusCode != 502 && res.StatusCode != 504 || !strings.Contains(body, "back soon") {
		t.Errorf("with nobody to answer: %d %q", res.StatusCode, body)
	}
}

func (s *site) checkHTTPS() {
	res, r := s.mirrored("GET", "/page?a=%2Fb&c=d%20e", "")
	if res.ProtoMajor != 2 || r.Path != "/page?a=%2Fb&c=d%20e" || r.Version != "2" || res.Header.Get("X-Teal-Color") != "green" {
		s.t.Errorf("over %s the application got %+v, color %s", res.Proto, r, res.Header.Get("X-Teal-Color"))
	}
	old, err := s.dialTLS(s.t.Context(), s.secure)
	if err != nil {
		s.t.Fatal(err)
	}
	defer old.Close()
	state := old.ConnectionState()
	if err := state.PeerCertificates[0].VerifyHostname("www.shop.example"); err != nil || state.NegotiatedProtocol != "" {
		s.t.Errorf("the certificate: %v; protocol %q", err, state.NegotiatedProtocol)
	}
	s.host = "stranger.example"
	if conn, err := s.dialTLS(s.t.Context(), s.secure); err == nil {
		conn.Close()
		s.t.Error("a host that is not listed got a handshake")
	}
}

func (s *site) checkPlain() {
	want := fmt.Sprintf("https://shop.example:%d/a?b=%%2Fc", s.secure)
	for _, method := range []string{"GET", "POST"} {
		if res, _ := s.exchange(method, s.port, "/a?b=%2Fc", "", nil); res.StatusCode != 308 || res.Header.Get("Location") != want {
			s.t.Errorf("plain %s: %d to %s", method, res.StatusCode, res.Header.Get("Location"))
		}
	}
	if res, body := s.exchange("GET", s.port, "/.well-known/acme-challenge/token", "", nil); res.StatusCode != 200 || body != "proof" {
		s.t.Errorf("the challenge: %d %q", res.StatusCode, body)
	}
	if res, _ := s.exchange("GET", s.port, "/.well-known/acme-challenge/../../teal.yaml", "", nil); res.StatusCode == 200 {
		s.t.Error("a file beside the challenges is served")
	}
	s.host = "stranger.example"
	if res, _ := s.exchange("GET", s.port, "/", "", nil); res.StatusCode != 404 {
		s.t.Errorf("a host that is not listed: %d", res.StatusCode)
	}
}

func (s *site) checkHeaders() {
	res, r := s.mirrored("GET", "/api/users?id=1", "", "X-Forwarded-For", "203.0.113.9", "X-Real-IP", "203.0.113.9", "X-Forwarded-Proto", "http", "Cookie", "a=b")
	want := map[string]string{
		"X-Real-Ip": "127.0.0.1", "X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Forwarded-Proto": "https",
		"X-Forwarded-Host": "shop.example", "Cookie": "a=b", "Connection": "", "Upgrade": "",
	}
	for name, value := range want {
		if got := r.Header.Get(name); got != value {
			s.t.Errorf("the application got %s: %q, want %q", name, got, value)
		}
	}
	if r.Path != "/users?id=1" || r.Host != "shop.example" || res.Header.Get("X-Frame-Options") != "DENY" {
		s.t.Errorf("the application got %s of %s, the client %v", r.Path, r.Host, res.Header)
	}
	if res, _ := s.mirrored("GET", "/", ""); res.Header.Get("X-Frame-Options") != "" {
		s.t.Error("a header of one route is on another")
	}
	replicas := map[string]bool{}
	for range 6 {
		_, r := s.mirrored("GET", "/", "")
		replicas[r.Replica] = true
	}
	if len(replicas) != 1 {
		s.t.Errorf("one client was answered by replicas %v", replicas)
	}
}

func (s *site) checkBodies() {
	if _, r := s.mirrored("POST", "/api/orders", strings.Repeat("x", 8<<10)); r.Body != 8<<10 || r.Method != "POST" {
		s.t.Errorf("at the limit the application got %+v", r)
	}
	if res, body := s.https("POST", "/api/orders", strings.Repeat("x", 8<<10+1)); res.StatusCode != 413 || !strings.Contains(body, "too large, says the shop") {
		s.t.Errorf("over the limit: %d %q", res.StatusCode, body)
	}
	if _, r := s.mirrored("PUT", "/orders", strings.Repeat("x", 3<<20)); r.Body != 3<<20 { // more than nginx's own limit
		s.t.Errorf("without a limit the application got %+v", r)
	}
	if res, body := s.https("GET", "/status/502", ""); res.StatusCode != 502 || !strings.Contains(body, "own words") {
		s.t.Errorf("an error of the application's: %d %q", res.StatusCode, body)
	}
}

func (s *site) checkFiles() {
	res, body := s.https("GET", "/static/a.css", "")
	if res.StatusCode != 200 || !strings.HasPrefix(body, "p { color: teal }") || res.Header.Get("Content-Type") != "text/css" ||
		res.Header.Get("Cache-Control") != "max-age=3600" || res.Header.Get("Expires") == "" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		s.t.Errorf("the file: %d %.20q %v", res.StatusCode, body, res.Header)
	}
	if again, _ := s.https("GET", "/static/a.css", "", "If-None-Match", res.Header.Get("Etag")); again.StatusCode != 304 {
		s.t.Errorf("asked again: %d", again.StatusCode)
	}
	for path, status := range map[string]int{"/static/": 403, "/static/empty/": 403, "/static/out.css": 403, "/static/none.css": 404, "/static/../teal.yaml": 200} {
		if res, body := s.https("GET", path, ""); res.StatusCode != status || strings.Contains(body, "services:") {
			s.t.Errorf("%s: %d, want %d: %.60q", path, res.StatusCode, status, body)
		}
	}
	if res, _ := s.https("POST", "/static/a.css", "x"); res.StatusCode != 405 {
		s.t.Errorf("a POST to a file: %d", res.StatusCode)
	}
}

func (s *site) checkCompression() {
	for _, path := range []string{"/long", "/static/a.css"} {
		plain, _ := s.https("GET", path, "")
		packed, body := s.https("GET", path, "", "Accept-Encoding", "gzip")
		if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" || len(body) > 1000 || packed.Header.Get("Vary") != "Accept-Encoding" {
			s.t.Errorf("%s: %d bytes, %v", path, len(body), packed.Header)
		}
	}
}

func (s *site) checkLog() {
	s.mirrored("GET", "/logged?q=%22", "", "User-Agent", `a "quoted" agent`)
	var line struct{ Client, Host, Method, URI, Agent string }
	s.until("the request is in the log", 5*time.Second, func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "access.log"))
		if err != nil {
			s.t.Fatal(err)
		}
		for one := range strings.Lines(string(text)) {
			if strings.Contains(one, "/.teal/") {
				s.t.Fatalf("the control path is in the log: %s", one)
			}
			if strings.Contains(one, "/logged") {
				return json.Unmarshal([]byte(one), &line) == nil
			}
		}
		return false
	})
	if line.Client != "127.0.0.1" || line.Host != "shop.example" || line.Method != "GET" || line.URI != "/logged?q=%22" || line.Agent != `a "quoted" agent` {
		s.t.Errorf("logged %+v", line)
	}
}

// checkSilence sees an answer that takes too long told as such, and the
// replica that owes it still asked by its clients.
func (s *site) checkSilence() {
	s.silent()
	_, before := s.mirrored("GET", "/", "")
	s.silent()
	if _, after := s.mirrored("GET", "/", ""); after.Replica != before.Replica {
		s.t.Errorf("one answer too slow took a client from replica %s to %s", before.Replica, after.Replica)
	}
}

func (s *site) silent() {
	s.t.Helper()
	if res, body := s.https("GET", "/silent", ""); res.StatusCode != 504 || !strings.Contains(body, "back soon") {
		s.t.Errorf("a silent application: %d %q", res.StatusCode, body)
	}
}

func TestScenarioAnotherSettingOfTheSiteComesWithTheNextDeploy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.mustDeploy(1)
	before, err := s.dialTLS(t.Context(), s.secure)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	s.edit("teal.yaml", "redirect: 308", "redirect: 301\n  trusted_proxies: [127.0.0.0/8]")
	s.edit("teal.yaml", "format: json", "format: combined")
	s.edit("teal.yaml", "acme: acme}", "acme: acme, http2: false}")
	s.mustDeploy(2)
	if res, _ := s.exchange("POST", s.port, "/", "", nil); res.StatusCode != 301 {
		t.Errorf("plain HTTP: %d", res.StatusCode)
	}
	res, r := s.mirrored("GET", "/", "", "X-Forwarded-For", "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto", "http")
	if res.ProtoMajor != 1 {
		t.Errorf("answered over %s", res.Proto)
	}
	if r.Header.Get("X-Real-Ip") != "203.0.113.9" || r.Header.Get("X-Forwarded-Proto") != "http" || r.Header.Get("X-Forwarded-For") != "6.6.6.6, 203.0.113.9, 127.0.0.1" {
		t.Errorf("behind a trusted proxy the application got %v", r.Header)
	}
	s.until("the log has the client's address", 5*time.Second, func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "access.log"))
		return err == nil && strings.Contains(string(text), "203.0.113.9 - - [")
	})
	s.presents(s.secure, before.ConnectionState().PeerCertificates[0]) // a good one is kept
	s.must("rollback")
	if res, _ := s.mirrored("GET", "/", ""); res.Header.Get("X-Teal-Color") != "blue" {
		t.Errorf("after the rollback answered by %v", res.Header)
	}
}
