package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// What the owner of three-tiers has written into nginx's files, seen from
// outside: it holds before teal is there and after, on either color.

var loopbacks = map[string]string{"127.0.0.1": "127.0.0.1", "[::1]": "::1"} // as in a URL, and as nginx names it

// keepWhatTheOwnerWrote checks all of it. when says which color serves.
func (b *tiers) keepWhatTheOwnerWrote(when string) {
	b.t.Helper()
	for loopback, address := range loopbacks {
		b.leadsToTLS(when, loopback)
		for _, api := range []string{"/api", "/papi"} {
			b.tellsWhoAsks(when, loopback, address, api)
		}
	}
	for _, api := range []string{"/api", "/papi"} {
		b.limitsUploads(when, api)
	}
	res, _, err := b.ask(b.t.Context(), b.h2, http.MethodGet, "127.0.0.1", "/assets/shop.css", nil)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "max-age=3600" {
		b.t.Errorf("%s, the style sheet: %+v, %v", when, res, err)
	}
}

// leadsToTLS checks port 80: everything goes to HTTPS, but what the
// certificate's authority asks for.
func (b *tiers) leadsToTLS(when, loopback string) {
	b.t.Helper()
	const token = "/.well-known/acme-challenge/token"
	file := filepath.Join(b.s.Root, "var/www/certbot", token)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("for the authority\n"), 0o644); err != nil {
		b.t.Fatal(err)
	}
	as := &app{t: b.t, host: b.s.Host()}
	if res, body := as.exchangeAt(http.MethodGet, loopback, b.s.Plain, token, "", nil); res.StatusCode != http.StatusOK || body != "for the authority\n" {
		b.t.Errorf("%s, %s: the ACME challenge is answered %d %q", when, loopback, res.StatusCode, body)
	}
	res, _ := as.exchangeAt(http.MethodGet, loopback, b.s.Plain, "/api/stock?of=them", "", nil)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusMovedPermanently || to != "https://"+b.s.Host()+"/api/stock?of=them" {
		b.t.Errorf("%s, %s: plain HTTP is answered %d, to %q", when, loopback, res.StatusCode, to)
	}
}

// echoed is what an API says that it was asked.
type echoed struct {
	Path, Host, Address, Forwarded string
	Size                           int
}

// tellsWhoAsks checks what reaches an API: the path without its prefix, the
// site's name, who asks, and by way of whom.
func (b *tiers) tellsWhoAsks(when, loopback, address, api string) {
	b.t.Helper()
	got, status, err := b.toAPI(http.MethodGet, loopback, api+"/stock?x=%2F", nil)
	want := echoed{Path: "/stock?x=%2F", Host: b.s.Host(), Address: address, Forwarded: "203.0.113.7, " + address}
	if err != nil || status != http.StatusOK || got != want {
		b.t.Errorf("%s, %s%s: status %d, %v, it was told %+v, want %+v", when, loopback, api, status, err, got, want)
	}
}

// limitsUploads checks that 50 MB arrive, to the last byte, and 51 do not.
func (b *tiers) limitsUploads(when, api string) {
	b.t.Helper()
	for size, want := range map[int]int{50 << 20: http.StatusOK, 51 << 20: http.StatusRequestEntityTooLarge} {
		got, status, err := b.toAPI(http.MethodPost, "127.0.0.1", api+"/import", bytes.NewReader(make([]byte, size)))
		if err != nil || status != want || want == http.StatusOK && got.Size != size {
			b.t.Errorf("%s, %s: %d bytes are answered %d, %v, want %d; %d came", when, api, size, status, err, want, got.Size)
		}
	}
}

// toAPI asks over HTTP/2, by way of another proxy, and reads what an API has
// to say; what nginx says itself is none of it.
func (b *tiers) toAPI(method, loopback, path string, body io.Reader) (got echoed, status int, err error) {
	req, err := http.NewRequestWithContext(b.t.Context(), method, fmt.Sprintf("https://%s:%d%s", loopback, b.s.Port, path), body)
	if err != nil {
		return got, 0, err
	}
	req.Host = b.s.Host()
	req.Header.Set("X-Forwarded-For", "203.0.113.7")
	res, err := b.h2.Do(req)
	if err != nil {
		return got, 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return got, res.StatusCode, nil
	}
	return got, res.StatusCode, json.NewDecoder(res.Body).Decode(&got)
}
