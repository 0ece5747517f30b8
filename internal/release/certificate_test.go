package release

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"time"
)

// shelf is what ReadCertificate reads from.
type shelf map[string]string

func (s shelf) read(path string) ([]byte, error) {
	text, ok := s[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// certified is a certificate of that key, in PEM.
func certified(t *testing.T, key crypto.Signer, from, until time.Time) string {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM("CERTIFICATE", der)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestACertificateAndItsKeyArePairsInEachFormOfOpenSSLs(t *testing.T) {
	now := time.Now()
	ec := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	other := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	old := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) string { return inPEM("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))) }
	cert := func(key crypto.Signer) string { return certified(t, key, now, now.Add(time.Hour)) }
	sec1 := inPEM("EC PRIVATE KEY", must[[]byte](t)(x509.MarshalECPrivateKey(ec)))
	const unpaired = "c.pem and k.pem are no pair"
	for name, c := range map[string]struct {
		files shelf
		want  string // "" a leaf, "?" nginx is to judge
	}{
		"PKCS 8":             {shelf{"c.pem": cert(ec), "k.pem": pkcs8(ec)}, ""},
		"SEC 1 behind what":  {shelf{"c.pem": cert(ec) + cert(other), "k.pem": inPEM("EC PARAMETERS", []byte{1}) + sec1}, ""},
		"PKCS 1":             {shelf{"c.pem": cert(old), "k.pem": inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(old))}, ""},
		"Ed25519":            {shelf{"c.pem": cert(ed), "k.pem": pkcs8(ed)}, ""},
		"another's key":      {shelf{"c.pem": cert(ec), "k.pem": pkcs8(other)}, unpaired},
		"another kind":       {shelf{"c.pem": cert(ec), "k.pem": pkcs8(old)}, unpaired},
		"the chain reversed": {shelf{"c.pem": cert(other) + cert(ec), "k.pem": pkcs8(ec)}, unpaired},
		"no certificate":     {shelf{"k.pem": pkcs8(ec)}, "the certificate c.pem can't be read: file does not exist"},
		"no key":             {shelf{"c.pem": cert(ec)}, "the certificate's key k.pem can't be read: file does not exist"},
		"nonsense":           {shelf{"c.pem": "nonsense", "k.pem": pkcs8(ec)}, "the certificate c.pem is no PEM file"},
		"an empty key":       {shelf{"c.pem": cert(ec), "k.pem": ""}, "the certificate's key k.pem is no PEM file"},
		"an encrypted key":   {shelf{"c.pem": cert(ec), "k.pem": inPEM("ENCRYPTED PRIVATE KEY", []byte{1})}, ""},
		"a strange form":     {shelf{"c.pem": inPEM("CERTIFICATE", []byte{1}), "k.pem": pkcs8(ec)}, "?"},
	} {
		leaf, err := ReadCertificate("c.pem", "k.pem", c.files.read)
		switch {
		case c.want == "" || c.want == "?":
			if err != nil || (leaf != nil) != (c.want == "") {
				t.Errorf("%s: %v, %v", name, leaf != nil, err)
			}
		case err == nil || !strings.HasPrefix(err.Error(), c.want) || CodeOf(err) != Invalid:
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestWhatTealMayNotReadIsAMatterOfRights(t *testing.T) {
	_, err := ReadCertificate("c.pem", "k.pem", func(path string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	})
	if e := new(Error); !errors.As(err, &e) || !strings.Contains(e.Next, "root") || strings.Count(err.Error(), "c.pem") != 1 {
		t.Errorf("got %v", err)
	}
}

func TestACertificateIsGoodInItsTimeAlone(t *testing.T) {
	from := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	until := from.AddDate(0, 3, 0)
	leaf := &x509.Certificate{NotBefore: from, NotAfter: until}
	for now, want := range map[time.Time]string{
		from.Add(-time.Second): "the certificate c.pem is not good before 2026-03-01",
		from:                   "",
		until:                  "",
		until.Add(time.Second): "the certificate c.pem has expired: it was good until 2026-06-01",
	} {
		got := ""
		if e := Untimely(leaf, "c.pem", now); e != nil {
			got = e.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", now, got, want)
		}
	}
	if e := Untimely(nil, "c.pem", from); e != nil {
		t.Errorf("of a certificate that teal can't read it says %v", e)
	}
}
