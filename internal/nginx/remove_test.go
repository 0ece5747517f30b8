package nginx

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"teal/internal/release"
)

// silent fails if anybody goes on answering at the site's address. A worker that
// was told to end may take one more connection.
func (s *stage) silent() {
	s.t.Helper()
	refused := func() bool {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			conn.Close()
		}
		return err != nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	if err := poll(ctx, 20*time.Millisecond, refused); err != nil {
		s.t.Error("the app is still served")
	}
}

func TestAnAppWhoseFilesWereRemovedByHandIsTakenOutOfMemory(t *testing.T) {
	for what, lost := range map[string][]string{
		"its folder":               {"apps/voda"},
		"its folder and its table": {"apps/voda", "live/voda", "flags/up"},
		"the pid file as well":     {"apps/voda", "proxy/nginx.pid"},
		"the whole state root":     {"."},
	} {
		t.Run(what, func(t *testing.T) {
			s := open(t)
			m := s.master()
			t.Cleanup(func() { _ = m.signal(syscall.SIGTERM) }) // no pid file may tell of it
			s.must(s.r.Watch(s.ctx, s.app, true))
			for _, path := range lost {
				s.empty(filepath.Join(s.r.root, path))
			}
			s.servedBy(release.Blue) // from memory
			s.must(s.r.Remove(s.ctx, s.app))
			s.silent()
			if now := s.tree(); now != "" {
				t.Errorf("left behind:\n%s", now)
			}
			if !m.alive() {
				t.Error("nginx itself is gone")
			}
		})
	}
}

// empty removes what is there, but for the state root itself.
func (s *stage) empty(path string) {
	s.t.Helper()
	if path != s.r.root {
		s.must(os.RemoveAll(path))
		return
	}
	entries, err := os.ReadDir(path)
	s.must(err)
	for _, e := range entries {
		s.must(os.RemoveAll(filepath.Join(path, e.Name())))
	}
}

func TestAStateRootThatWasRemovedUnderARunningNginxIsMadeAnew(t *testing.T) {
	s := open(t)
	m := s.master()
	s.empty(s.r.root)
	s.must(s.r.Up(s.ctx, s.app))
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Green)
	s.servedBy(release.Green)
	if !m.alive() {
		t.Error("nginx was started a second time")
	}
	s.must(s.r.ProxyDown(s.ctx, "", true))
	if m.alive() {
		t.Error("nginx can't be stopped any more")
	}
}

func TestTheMachinesNginxForgetsAnAppWhoseFilesWereRemovedByHand(t *testing.T) {
	for what, lost := range map[string]bool{"the app's folder": false, "and its site": true} {
		t.Run(what, func(t *testing.T) {
			m := besideOthers(t, "").start()
			m.must(m.r.Apply(m.ctx, m.app, m.net))
			m.shift(release.Blue)
			m.must(os.RemoveAll(m.r.app("voda")))
			ours := filepath.Join(m.dir, "sites-enabled", "zz-teal-voda.conf")
			if lost {
				m.must(os.Remove(ours))
			}
			m.servedBy(release.Blue)
			m.must(m.r.Remove(m.ctx, m.app))
			if resp, body := m.get("/color"); resp.StatusCode != http.StatusOK || body != "theirs" {
				t.Errorf("answered %d %q", resp.StatusCode, body)
			}
			m.theirsIsServed()
			if remains(ours) || m.tree() != "" {
				t.Errorf("left behind: %s", m.tree())
			}
		})
	}
}

func TestAnAppThatNginxNeverHadCostsNoReload(t *testing.T) {
	s := open(t)
	before := s.master().workers()
	other := s.app
	other.Name = "other"
	s.must(s.r.Remove(s.ctx, other))
	if after := s.master().workers(); len(before) == 0 || len(after) != len(before) || after[0] != before[0] {
		t.Errorf("workers %v became %v", before, after)
	}
}

func TestAnAppStaysWhereNginxRefusesToForgetIt(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	m.must(os.WriteFile(m.theirs, []byte("server { listen oops }"), 0o644))
	m.must(os.RemoveAll(m.r.app("voda")))
	err := m.r.Remove(m.ctx, m.app)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), m.theirs+":1") {
		t.Errorf("got %v", err)
	}
	m.servedBy(release.Blue)
}
