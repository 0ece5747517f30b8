package e2e

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const shapeCompose = `services:
  web:
    image: IMAGE
    command: [/web]
    environment: {VERSION: "${VERSION:-1}"}
`

const shapeMore = `  front:
    image: IMAGE
    command: [/web]
    environment: {VERSION: "${VERSION:-1}"}
  api:
    image: IMAGE
    command: [/web]
    environment: {VERSION: "${VERSION:-1}"}
`

const shapeTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}}
site: {hosts: [shop.example], listen: ["127.0.0.1:PORT"]SECURE}
routes:
  - {path: /, to: web}
proxy: standalone
deploy:
  drain: {timeout: 5s, streams: 5s}
`

// Each change of an app's shape has nginx reload, which is where requests are
// lost: on connections that a client keeps.
func TestScenarioAChangeOfShapeUnderPostsLosesNothing(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.host = "shop.example"
	a.write("compose.yaml", strings.ReplaceAll(shapeCompose+shapeMore, "IMAGE", image))
	a.config(strings.Replace(shapeTeal, "SECURE", "", 1))
	a.mustDeploy(1)
	for i, tc := range []struct{ name, old, with string }{
		{"a route more", "  - {path: /, to: web}", "  - {path: /, to: web}\n  - {path: /v1/, to: web, strip: true}"},
		{"a replica more", "web: {port", "web: {replicas: 2, port"},
		{"a replica less", "web: {replicas: 2, port", "web: {port"},
		{"a service more, and a route to it", "\nsite:", "\n  api: {port: 8080, health: {http: /healthz}}\nsite:"},
		{"a service renamed", "web: {port", "front: {port"},
		{"a service less", "  api: {port: 8080, health: {http: /healthz}}\n", ""},
		{"a route less", "  - {path: /v1/, to: front, strip: true}\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a.t = t
			a.edit("teal.yaml", tc.old, tc.with)
			switch tc.name {
			case "a service more, and a route to it":
				a.edit("teal.yaml", "/v1/, to: web", "/v1/, to: api")
			case "a service renamed":
				a.edit("teal.yaml", "{path: /, to: web}", "{path: /, to: front}")
			case "a service less":
				a.edit("teal.yaml", "/v1/, to: api", "/v1/, to: front")
			}
			end := a.posts(a.dialPlain)
			a.mustDeploy(i + 2)
			a.whole(end)
			a.shows(a.port, i+2)
			want := fmt.Sprintf("version %d", i+2)
			if tc.name == "a route less" {
				want = "404 page not found" // as / has it, whose application knows no /v1/
			}
			if page := a.fetch(a.port, "/v1/"); !strings.Contains(page, want) {
				t.Errorf("/v1/ answers %s, want %s", page, want)
			}
		})
	}
	a.t = t
	end := a.posts(a.dialPlain)
	a.must("rollback") // to another shape
	a.whole(end)
	a.shows(a.port, 7)
	if page := a.fetch(a.port, "/v1/"); !strings.Contains(page, "version 7") {
		t.Errorf("back in its shape, /v1/ answers %s", page)
	}
}

func TestScenarioACertificateRenewedUnderPostsLosesNothing(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.host = "shop.example"
	port := freePort(t)
	a.write("compose.yaml", strings.ReplaceAll(shapeCompose, "IMAGE", image))
	a.config(strings.Replace(shapeTeal, "SECURE", fmt.Sprintf(`, tls: {listen: ["127.0.0.1:%d"], cert: site.pem, key: site.key}`, port), 1))
	first := a.certificate(1)
	a.mustDeploy(1)
	a.presents(port, first)
	secure, plain := a.posts(func() (net.Conn, error) { return a.dialTLS(t.Context(), port) }), a.posts(a.dialPlain)
	second := a.certificate(2)
	a.mustDeploy(2)
	a.presents(port, second)
	a.whole(plain)
	a.whole(secure)
}

// certificate writes a pair of that serial number, valid for the site's host,
// into the application's folder, as an ACME client replaces one.
func (a *app) certificate(serial int64) *x509.Certificate {
	a.t.Helper()
	return a.certificateFor(serial, -time.Hour, 365*24*time.Hour)
}

// certificateFor is one that is good from then until then, both from now.
func (a *app) certificateFor(serial int64, from, until time.Duration) *x509.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: a.host}, DNSNames: []string{a.host, "127.0.0.1"},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write("site.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	a.write("site.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return made
}

// dialTLS connects to a port as a client of the site's host does that believes
// whatever certificate it is shown.
func (a *app) dialTLS(ctx context.Context, port int, protocols ...string) (*tls.Conn, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{ServerName: a.host, InsecureSkipVerify: true, NextProtos: protocols}}
	conn, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil
}

// presents checks which certificate a port shows.
func (a *app) presents(port int, want *x509.Certificate) {
	a.t.Helper()
	conn, err := a.dialTLS(a.t.Context(), port)
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.ConnectionState().PeerCertificates[0]; !got.Equal(want) {
		a.t.Errorf("the certificate shown has number %d, want %d", got.SerialNumber, want.SerialNumber)
	}
}

func (a *app) dialPlain() (net.Conn, error) {
	return net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", a.port), 5*time.Second)
}

// posted is what became of POSTs.
type posted struct {
	sent int
	lost []error
}

// posts sends POSTs on connections that are kept, until the returned function
// is called. It is a harder judge than the witness: a server that ends an idle
// connection without having said so in an answer has lost the next request.
func (a *app) posts(dial func() (net.Conn, error)) (end func() posted) {
	const clients = 12
	ctx, cancel := context.WithCancel(a.t.Context())
	results := make(chan posted, clients)
	for range clients {
		go func() {
			var p posted
			for ctx.Err() == nil {
				n, err := a.connection(ctx, dial)
				p.sent += n
				if err != nil {
					p.lost = append(p.lost, err)
				}
			}
			results <- p
		}()
	}
	return func() posted {
		cancel()
		var all posted
		for range clients {
			p := <-results
			all.sent, all.lost = all.sent+p.sent, append(all.lost, p.lost...)
		}
		return all
	}
}

// whole ends the load and checks that each POST of it was answered.
func (a *app) whole(end func() posted) {
	a.t.Helper()
	p := end()
	if len(p.lost) > 0 || p.sent < 100 {
		a.t.Errorf("%d of %d lost: %v", len(p.lost), p.sent, p.lost)
	}
	a.t.Logf("%d sent, %d lost", p.sent, len(p.lost))
}

// connection sends one POST after the other until the server says that it
// closes, and returns how many. Each request is written once.
func (a *app) connection(ctx context.Context, dial func() (net.Conn, error)) (sent int, err error) {
	conn, err := dial()
	if err != nil {
		return 1, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	pause := time.NewTicker(15 * time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		sent++
		closes, err := a.post(conn, in, fmt.Sprintf("order %d", sent))
		if err != nil || closes {
			return sent, err
		}
		<-pause.C
	}
	return sent, nil
}

// post sends one POST and reports whether the server closes the connection
// after its answer.
func (a *app) post(conn net.Conn, in *bufio.Reader, body string) (closes bool, err error) {
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return false, err
	}
	if _, err := fmt.Fprintf(conn, "POST /echo HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", a.host, len(body), body); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	echo, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || string(echo) != body) {
		err = fmt.Errorf("answered %d %q", res.StatusCode, echo)
	}
	return res.Close, err
}
