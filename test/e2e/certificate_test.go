package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newSecure is an application over HTTPS whose certificate and key lie in
// site.pem and site.key. It has none yet.
func newSecure(t *testing.T) (a *app, port int) {
	t.Helper()
	a, port = bare(t), freePort(t)
	a.host = "shop.example"
	a.write("compose.yaml", strings.ReplaceAll(shapeCompose, "IMAGE", image))
	a.config(strings.Replace(shapeTeal, "SECURE", fmt.Sprintf(`, tls: {listen: ["127.0.0.1:%d"], cert: site.pem, key: site.key}`, port), 1))
	return a, port
}

// A certificate that nginx or clients would refuse stops a deploy before a
// container is made, the first as well as a later one.
func TestScenarioABadCertificateIsNamedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	a, port := newSecure(t)
	cert, key := filepath.Join(a.dir, "site.pem"), filepath.Join(a.dir, "site.key")
	remove := func(path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	day := 24 * time.Hour
	moments := []struct {
		name string
		make func()
		want []string
	}{
		{"a missing certificate", func() { a.certificate(2); remove(cert) }, []string{cert, "can't be read", "no such file"}},
		{"a missing key", func() { a.certificate(2); remove(key) }, []string{key, "can't be read", "no such file"}},
		{"another certificate's key", func() {
			a.certificate(2)
			b, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			a.certificate(3)
			a.write("site.key", string(b))
		}, []string{cert, key, "are no pair"}},
		{"an expired one", func() { a.certificateFor(2, -90*day, -day) }, []string{cert, "has expired: it was good until " + time.Now().Add(-day).Format(time.DateOnly)}},
		{"one of tomorrow", func() { a.certificateFor(2, day, 90*day) }, []string{cert, "is not good before"}},
		{"no certificate at all", func() { a.certificate(2); a.write("site.pem", "nonsense\n") }, []string{cert, "is no PEM file"}},
	}
	for _, m := range moments {
		t.Run("at first: "+m.name, func(t *testing.T) {
			a.t = t
			m.make()
			for _, command := range []string{"plan", "deploy"} {
				a.teal(command).fails(2, append(m.want, "nothing of "+a.name+" is live", "next:")...)
			}
			if left := a.leftovers(); len(left) > 0 {
				t.Errorf("a refused deploy left %v", left)
			}
		})
	}
	a.t = t
	good := a.certificate(1)
	a.mustDeploy(1)
	load := a.posts(a.dialPlain)
	for _, m := range moments {
		t.Run("later: "+m.name, func(t *testing.T) {
			a.t = t
			m.make()
			a.refused(func() result { return a.deploy(2) }, 2, append(m.want, "release 1 is live in blue")...)
			a.presents(port, good)
		})
	}
	a.t = t
	a.whole(load)
	a.certificate(4)
	a.mustDeploy(2)
	a.shows(a.port, 2)
}

// The certificate that nginx has ran out over night: the fix that must go live
// today does, whether nginx has to be reloaded for it or not.
func TestScenarioACertificateThatRanOutInServiceKeepsNoDeployBack(t *testing.T) {
	t.Parallel()
	a, port := newSecure(t)
	old := a.certificateFor(1, -time.Hour, 12*time.Second)
	a.mustDeploy(1)
	a.until("the certificate has run out", 20*time.Second, func() bool { return time.Now().After(old.NotAfter) })
	const told = "site.pem has expired"
	a.noted(a.mustDeploy(2), told)
	a.edit("teal.yaml", "  - {path: /, to: web}", "  - {path: /, to: web}\n  - {path: /v1/, to: web}")
	a.noted(a.mustDeploy(3), told)
	a.shows(a.port, 3)
	a.presents(port, old)
	a.noted(a.must("rollback"), told)
	renewed := a.certificate(2)
	if r := a.mustDeploy(4); strings.Contains(r.stdout+r.stderr, "expired") {
		t.Errorf("renewed, it still tells of an expired one\n%v", r)
	}
	a.presents(port, renewed)
}

// noted checks that a command that went well told of something.
func (a *app) noted(r result, text string) {
	a.t.Helper()
	if !strings.Contains(r.stdout+r.stderr, text) {
		a.t.Errorf("it does not tell %q\n%v", text, r)
	}
}
