package nginx

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// ownPair makes the site's certificate one of its owner's, in files of the test.
func (s *stage) ownPair() (cert, key string) {
	s.t.Helper()
	dir := publicDir(s.t)
	t := s.app.Site.TLS
	t.Cert, t.Key, t.SelfSigned = filepath.Join(dir, "site.pem"), filepath.Join(dir, "site.key"), false
	return t.Cert, t.Key
}

// pairUntil writes a pair into the site's files that is good until then.
func (s *stage) pairUntil(until time.Time) {
	s.t.Helper()
	cert, key, err := selfSigned(s.app.Site.Hosts, until.Add(-selfSignedLife))
	s.must(err)
	s.must(write([]file{{s.app.Site.TLS.Key, key, 0o600}, {s.app.Site.TLS.Cert, cert, 0o644}}))
}

// refuses checks that a deploy would not begin, for that reason.
func (s *stage) refuses(why string) {
	s.t.Helper()
	p := s.observed()
	if p.Blocked == nil || p.Blocked.Code != release.Invalid || !strings.Contains(p.Blocked.Error(), why) || !strings.Contains(p.Blocked.Next, "again") {
		s.t.Errorf("want it blocked because %q, got %+v", why, p.Blocked)
	}
}

// tells checks that a deploy would begin, and say that.
func (s *stage) tells(what string) {
	s.t.Helper()
	p := s.observed()
	if told := strings.Join(p.Notes, "\n"); p.Blocked != nil || (told == "") != (what == "") || !strings.Contains(told, what) {
		s.t.Errorf("want the note %q, got %q and %+v", what, told, p.Blocked)
	}
}

func TestACertificateThatNginxWouldRefuseOrClientsIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	s := secured(t)
	cert, key := s.ownPair()
	s.refuses(cert + " can't be read")
	good := time.Now().AddDate(0, 1, 0)
	s.pairUntil(good)
	s.tells("")
	theirs := readFile(t, key)
	s.must(os.Remove(key))
	s.refuses(key + " can't be read")
	s.pairUntil(good)
	s.must(os.WriteFile(key, []byte(theirs), 0o600))
	s.refuses("are no pair")
	s.pairUntil(time.Now().Add(-time.Hour))
	s.refuses(cert + " has expired")
	s.pairUntil(time.Now().Add(selfSignedLife + 2*time.Hour))
	s.refuses(cert + " is not good before")
	if s.tree() != "" {
		t.Errorf("left behind:\n%s", s.tree())
	}
}

// An owner whose certificate has run out over night must be able to deploy.
func TestACertificateThatRanOutWhereItIsKeepsNoDeployBack(t *testing.T) {
	s := secured(t)
	cert, _ := s.ownPair()
	s.pairUntil(time.Now().Add(-time.Hour))
	s.live() // as if it had been good then
	s.tells(cert + " has expired")
	s.app.Routes[0].MaxBody = 5 // nginx has to be reloaded with it
	s.tells(cert + " has expired")
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.tells(cert + " has expired")
	s.must(s.r.ProxyDown(s.ctx, "", true))
	s.tells(cert + " has expired")
	s.must(s.r.Up(s.ctx, s.app))
	s.pairUntil(time.Now().Add(-2 * time.Hour))
	s.refuses(cert + " has expired") // another one, which nginx never had
	s.pairUntil(time.Now().AddDate(0, 1, 0))
	s.tells("")
}

func TestAKeyThatWentWhileNginxNeedsNoReloadIsToldOnly(t *testing.T) {
	s := secured(t)
	_, key := s.ownPair()
	s.pairUntil(time.Now().AddDate(0, 1, 0))
	s.live()
	s.must(os.Remove(key))
	s.tells(key + " can't be read")
	s.app.Routes[0].MaxBody = 5
	s.refuses(key + " can't be read")
}

func TestASelfSignedPairIsNotMissed(t *testing.T) {
	s := secured(t)
	s.tells("")
	cert, key := s.ownPair()
	s.app.Site.TLS.SelfSigned = true
	s.tells("")
	s.pairUntil(time.Now().Add(-time.Hour)) // teal's own, which it makes anew
	s.tells("")
	s.must(os.Remove(key))
	s.refuses(key + " is missing")
	s.must(os.Remove(cert))
	s.tells("")
	s.live()
	s.tells("")
}

func TestACertificateOfAnAdoptedSiteIsItsOwners(t *testing.T) {
	m := inherit(t, "")
	m.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}}
	cert, key := m.ownPair()
	m.pairUntil(time.Now().Add(-time.Hour))
	m.include(release.Include(m.r.root, "voda", m.app.Proxies[0].Place("voda")), fmt.Sprintf("listen %s ssl; ssl_certificate %s; ssl_certificate_key %s;", m.app.Site.TLS.Listen[0], cert, key))
	m.start()
	m.tells(cert + " has expired")
	m.must(os.Remove(key)) // nginx -t has more to say of it: its files may be others by now
	m.tells("")
	if broken := m.observed().Broken; !strings.Contains(broken, key) {
		t.Errorf("nginx says %q", broken)
	}
}

func TestAFileIsReadAsTheContainerSeesIt(t *testing.T) {
	inside, here := t.TempDir(), filepath.Join(t.TempDir(), "here.pem")
	for path, text := range map[string]string{filepath.Join(inside, "both.pem"): "inside", here: "here"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/elsewhere/x.pem", filepath.Join(inside, "out.pem")); err != nil {
		t.Fatal(err)
	}
	s := server{files: view{inside}}
	for path, want := range map[string]string{"/both.pem": "inside", here: "here", "/out.pem": errUnseen.Error(), "/none.pem": "no such file"} {
		text, err := s.sight(path)
		if got := string(text) + fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	app := release.App{Site: release.Site{TLS: &release.TLS{Cert: "/out.pem", Key: "/out.pem"}}}
	if fault, _ := (&Router{}).certificate(s, app, time.Now()); fault != nil {
		t.Errorf("what teal can't see it finds wrong: %v", fault)
	}
}
