package layout

import (
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
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// startWithin bounds how long a version may take until clients get it.
const startWithin = time.Minute

// Get asks the site for a path.
func (s *Stand) Get(ctx context.Context, path string) (int, string, error) {
	return s.ask(ctx, s.url(path))
}

// Question is how a person asks the site for its first page.
func (s *Stand) Question() string {
	return fmt.Sprintf("curl -k -H 'Host: %s' %s", s.host, s.url("/"))
}

func (s *Stand) url(path string) string {
	scheme := "http"
	if s.secure {
		scheme = "https"
	}
	return fmt.Sprintf("%s://127.0.0.1:%d%s", scheme, s.Port, path)
}

func (s *Stand) ask(ctx context.Context, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	req.Host = s.host
	c := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // the certificate is the stand's own
	}}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

// Serves waits until every path answers with the version.
func (s *Stand) Serves(ctx context.Context, version string) error {
	for _, path := range s.paths {
		if err := s.answers(ctx, s.url(path), "version "+version); err != nil {
			return err
		}
	}
	return nil
}

// answers waits until a page says one of the texts.
func (s *Stand) answers(ctx context.Context, url string, texts ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, body, err := s.ask(ctx, url)
		said := func(text string) bool { return strings.Contains(body, text) }
		if status == http.StatusOK && slices.ContainsFunc(texts, said) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s answers %d %q %v, not %q", url, status, body, err, texts)
		case <-tick.C:
		}
	}
}

// certify puts a certificate where certbot would have put it.
func (s *Stand) certify() error {
	if !s.secure || s.nginx == "" {
		return nil
	}
	dir := filepath.Join(s.Root, "etc/letsencrypt/live", s.host)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sheet := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: s.host}, DNSNames: []string{s.host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0),
	}
	signed, err := x509.CreateCertificate(rand.Reader, sheet, sheet, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"fullchain.pem": {Type: "CERTIFICATE", Bytes: signed},
		"privkey.pem":   {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}
