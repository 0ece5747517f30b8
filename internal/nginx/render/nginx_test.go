package render

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ownMain is the main configuration of teal's own nginx.
func ownMain(t *testing.T, root string) []byte {
	t.Helper()
	main, err := Main(root, "")
	if err != nil {
		t.Fatal(err)
	}
	return main
}

// plainMain is that of a machine's nginx which sets nothing.
func plainMain(_ *testing.T, root string) []byte {
	return []byte("pid " + root + "/pid; events {} http { include " + root + "/apps/*/standalone.conf; }")
}

// passes fails unless a real nginx takes the rendered texts together.
func passes(t *testing.T, main func(*testing.T, string) []byte, inputs ...Input) {
	t.Helper()
	root, err := os.MkdirTemp("", "tealtest-render-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	for _, in := range inputs {
		in = placed(t, in, root)
		out, err := Site(in)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, "apps", in.App.Name, "standalone.conf"), out.Text)
	}
	put(t, filepath.Join(root, "proxy", "nginx.conf"), main(t, root))
	for _, dir := range []string{"proxy/logs", "proxy/temp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "/usr/sbin/nginx", "-t", "-p", root, "-c", filepath.Join(root, "proxy", "nginx.conf")).CombinedOutput()
	if err != nil {
		t.Errorf("nginx refuses it (install nginx if it is missing): %v\n%s", err, out)
	}
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// placed is the input with all its paths below the root, and the files that
// nginx opens when it tests.
func placed(t *testing.T, in Input, root string) Input {
	t.Helper()
	in.Root, in.AccessLogs = root, nil
	if in.App.Site.AccessLog.Path != "" {
		in.App.Site.AccessLog.Path = filepath.Join(root, "access.log")
	}
	if in.TLS != nil {
		cert, key := filepath.Join(root, "cert.pem"), filepath.Join(root, "key.pem")
		pair(t, cert, key)
		mine := *in.TLS
		mine.Cert, mine.Key = cert, key
		in.TLS = &mine
	}
	return in
}

// pair writes a certificate and its key.
func pair(t *testing.T, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	put(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	put(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey}))
}

// here listens where any machine can.
func here(in Input) Input {
	in.Listen = []string{"127.0.0.1:18080"}
	if in.TLS != nil {
		mine := *in.TLS
		mine.Listen = []string{"127.0.0.1:18443"}
		in.TLS = &mine
	}
	return in
}

func TestARealNginxTakesEveryGolden(t *testing.T) {
	for name, in := range cases(t) {
		if in.Version.since(namesHTTP2) {
			continue // the nginx here doesn't know what it is told
		}
		t.Run(name, func(t *testing.T) { passes(t, ownMain, here(in)) })
	}
}

func TestARealNginxTakesManyAppsWithTheLongestNames(t *testing.T) {
	var own, beside []Input
	for _, last := range "abcdefghij" {
		in := here(https(options(behind(byAddress(t, input(t))))))
		in.App.Name = "a-name-of-thirty-two-characters" + string(last)
		in.App.Site.Hosts = []string{in.App.Name + ".example"}
		beside = append(beside, in)
		in.App.Site.Hosts = []string{in.App.Name + ".a-rather-long-zone-of-some-company.example"}
		own = append(own, in)
	}
	// nginx keeps names in hashes of fixed bucket size. In a machine's nginx
	// the sizes are its owner's, so our names must fit into the defaults.
	passes(t, plainMain, beside...)
	passes(t, ownMain, own...)
}
