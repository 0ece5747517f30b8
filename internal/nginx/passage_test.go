package nginx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/release"
)

// behindADoor moves the stage's state root below a folder that is open to its
// owner alone, and returns that folder.
func (s *stage) behindADoor() string {
	s.t.Helper()
	door := publicDir(s.t)
	s.must(os.Chmod(door, 0o700))
	r, err := New(filepath.Join(door, "deep", "state"))
	s.must(err)
	s.t.Cleanup(r.Close)
	s.r = r
	return door
}

// blocked is why the first proxy can't take the app in.
func (s *stage) blocked() error {
	s.t.Helper()
	if why := s.observed().Blocked; why != nil {
		return why
	}
	return nil
}

// refusedAt fails unless the error names the folder, the user and the remedy.
func (s *stage) refusedAt(door, user string, err error) {
	s.t.Helper()
	text := describe(err)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(text, "run as "+user+",") || !strings.Contains(text, "next: chmod o+x "+door+",") {
		s.t.Errorf("got %s", text)
	}
}

func TestAStateRootThatTheMachinesWorkersCannotReachIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	m := besideOthers(t, "").start()
	door := m.behindADoor()
	m.refusedAt(door, "www-data", m.blocked())
	m.refusedAt(door, "www-data", m.r.Apply(m.ctx, m.app, m.net))
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	if _, err := m.r.Observe(m.ctx, m.app, release.Network{}); err != nil {
		t.Errorf("to look on must be possible: %v", err)
	}
	m.must(m.r.Remove(m.ctx, m.app))
	m.must(os.Chmod(door, 0o711))
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	m.servedBy(release.Green)
}

func TestAStateRootThatWorkersWillNotReachIsRefusedBeforeNginxIsStarted(t *testing.T) {
	s := setStage(t)
	door := s.behindADoor()
	s.refusedAt(door, "www-data", s.blocked())
}

func TestAFolderThatIsOpenToTheWorkersGroupIsOpenEnough(t *testing.T) {
	m := besideOthers(t, "").start()
	door := m.behindADoor()
	p, _ := masterIn(filepath.Join(m.dir, "nginx.pid"))
	w, ok := workerOf(p.workers()[0])
	if !ok || len(w.groups) == 0 {
		t.Fatalf("workers run as %+v", w)
	}
	m.must(os.Chown(door, 0, w.groups[0]))
	m.must(os.Chmod(door, 0o750))
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	m.servedBy(release.Green)
	m.must(os.Chmod(door, 0o701)) // what is open to all is closed to the group
	m.refusedAt(door, "www-data", m.r.Confirm(m.ctx, m.app, release.TableFor(release.Green)))
	o, err := m.r.Observe(m.ctx, m.app, m.net)
	m.must(err) // the app is there: it can be looked at
	if o.Proxies[0].Table != "" {
		t.Errorf("observed %+v", o)
	}
	m.must(os.Chmod(door, 0o711))
}

func TestAContainersWorkersNeedNoWayThroughThisMachinesFolders(t *testing.T) {
	h := moor(t)
	door := h.behindADoor()
	h.r.Use(h.docker)
	h.ship(everything)
	h.settle()
	h.shift(release.Green)
	h.servedBy(release.Green)
	if info, err := os.Stat(door); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info, err)
	}
}
