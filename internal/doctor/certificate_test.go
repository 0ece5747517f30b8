package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"teal/internal/release"
)

// certify writes a certificate for shop.example that is good until then.
func certify(t *testing.T, until time.Time) *release.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-90 * 24 * time.Hour), NotAfter: until, DNSNames: []string{"shop.example"}}
	cert, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := &release.TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	write(t, out.Cert, "CERTIFICATE", cert, 0o644)
	write(t, out.Key, "PRIVATE KEY", secret, 0o600)
	return out
}

func write(t *testing.T, path, kind string, bytes []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), mode); err != nil {
		t.Fatal(err)
	}
}

func TestCertificatesAreLookedAtBeforeClientsDo(t *testing.T) {
	now := time.Now()
	graded := func(tls *release.TLS, hosts ...string) []release.Finding {
		return Case{Now: now, App: &release.App{Site: release.Site{TLS: tls, Hosts: hosts}}}.certificate()
	}
	day := 24 * time.Hour
	has(t, graded(certify(t, now.Add(60*day)), "shop.example"), release.GradeOK, "is good until")
	has(t, graded(certify(t, now.Add(13*day+time.Hour))), release.GradeWarn, "expires in 13 days")
	has(t, graded(certify(t, now.Add(-day))), release.GradeFail, "has expired")
	has(t, graded(certify(t, now.Add(200*day))), release.GradeFail, "is not good before")
	has(t, graded(certify(t, now.Add(60*day)), "other.example"), release.GradeWarn, "is not for other.example")
	has(t, graded(certify(t, now.Add(60*day)), "*.shop.example"), release.GradeWarn, "is not for *.shop.example")
	has(t, graded(&release.TLS{Cert: "/nonexistent/cert.pem", Key: "/nonexistent/key.pem"}), release.GradeFail, "/nonexistent/cert.pem")
	has(t, graded(&release.TLS{Cert: "/nonexistent/cert.pem", SelfSigned: true}), release.GradeOK, "will be made")

	strange := certify(t, now)
	write(t, strange.Cert, "CERTIFICATE", []byte{1}, 0o644)
	has(t, graded(strange), release.GradeWarn, "only nginx can judge")

	mixed, open := certify(t, now.Add(60*day)), certify(t, now.Add(60*day))
	mixed.Key = open.Key
	has(t, graded(mixed), release.GradeFail, "are no pair")
	if err := os.Chmod(open.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, graded(open), release.GradeWarn, "everyone may read the key")
}
