package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts run the real command line in a process of its own; what needs
// Docker and nginx at work is in test/e2e.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"teal": func() {
		os.Exit(Run(Env{Args: os.Args[1:], Version: "v0-test", Getenv: os.Getenv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", WorkdirRoot: walkable(t),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"fill": fill, "linked": linked, "certify": certify},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TEAL_STATE_DIR", env.WorkDir+"/state")
			env.Setenv("DOCKER_HOST", "unix://"+env.WorkDir+"/no-docker.sock")
			return nil
		},
	})
}

// walkable is a folder that nginx's workers, who are another user, can pass
// through.
func walkable(t *testing.T) string {
	dir, err := os.MkdirTemp("", "tealtest-cli-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fill puts the folder of the script into a file, and links a site to be
// enabled.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "$WORK", ts.Getenv("WORK"))
	ts.Check(os.WriteFile(path, []byte(text), 0o644))
	if dir, name := filepath.Split(path); filepath.Base(dir) == "sites-available" {
		ts.Check(os.Symlink("../sites-available/"+name, filepath.Join(dir, "../sites-enabled", name)))
	}
}

// linked checks that a file is a symbolic link still.
func linked(ts *testscript.TestScript, _ bool, args []string) {
	if _, err := os.Readlink(ts.MkAbs(args[0])); err != nil {
		ts.Fatalf("%s is no link any more: %v", args[0], err)
	}
}

// certify writes a certificate and its key (certify site.pem site.key -48h 24h)
// that is good from then until then, both from now.
func certify(ts *testscript.TestScript, _ bool, args []string) {
	from, err := time.ParseDuration(args[2])
	ts.Check(err)
	until, err := time.ParseDuration(args[3])
	ts.Check(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until), DNSNames: []string{"shop.example"}}
	cert, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	ts.Check(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}
