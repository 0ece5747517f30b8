package nginx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// tls is how the proxy serves HTTPS; nil where it doesn't. The certificate's
// content is part of the shape: one that was renewed in its place is taken up
// by the next deploy.
func (r *Router) tls(app release.App, p release.Proxy) (*render.TLS, error) {
	t := app.TLSOf(p)
	if t == nil {
		return nil, nil
	}
	cert, key := r.pair(app.Name, t)
	sum, err := contentOf(cert)
	if err != nil {
		return nil, err
	}
	if t.SelfSigned && due(cert, app.Site.Hosts, time.Now()) {
		sum = "due"
	}
	return &render.TLS{
		Listen: t.Listen, Cert: cert, Key: key, Sum: sum, HTTP2: t.HTTP2, Redirect: t.Redirect, ACME: t.ACME,
	}, nil
}

// pair is where the certificate and its key are.
func (l layout) pair(app string, t *release.TLS) (cert, key string) {
	cert, key = t.Cert, t.Key
	if cert == "" {
		cert = filepath.Join(l.app(app), "tls", "cert.pem")
	}
	if key == "" {
		key = filepath.Join(l.app(app), "tls", "key.pem")
	}
	return cert, key
}

// contentOf names a file's content. What is wrong with a certificate is for
// nginx to say, so one that isn't there has a name, too.
func contentOf(path string) (string, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing", nil
	case errors.Is(err, fs.ErrPermission):
		return "unreadable", nil
	case err != nil:
		return "", fmt.Errorf("read the certificate: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:12], nil
}

// certify makes the self-signed certificate where it is wanted and missing, and
// makes one of teal's own anew before it expires or when the hosts change.
func (r *Router) certify(app release.App, p release.Proxy) error {
	t := app.TLSOf(p)
	if t == nil || !t.SelfSigned {
		return nil
	}
	cert, key := r.pair(app.Name, t)
	if remains(cert) != remains(key) {
		return halfPair(cert, key)
	}
	if remains(cert) && !due(cert, app.Site.Hosts, time.Now()) {
		return nil
	}
	certText, keyText, err := selfSigned(app.Site.Hosts, time.Now())
	if err != nil {
		return fmt.Errorf("make a self-signed certificate: %w", err)
	}
	for _, path := range []string{cert, key} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make the certificate's folder: %w", err)
		}
	}
	// nginx reads both at its next reload only, which comes after both.
	return write([]file{{key, keyText, 0o600}, {cert, certText, 0o644}})
}

// halfPair refuses to make the other half: it would not fit, and the one that
// is there is somebody's.
func halfPair(cert, key string) *release.Error {
	there, missing := cert, key
	if remains(key) {
		there, missing = key, cert
	}
	return &release.Error{
		Code: release.Invalid, What: there + " is there, but " + missing + " is missing",
		Next: "put the other file of the pair there, or remove this one: teal then makes both",
	}
}
