package journal

import (
	"os"
	"testing"
	"time"

	"teal/internal/release"
)

func TestALostJournalTakesReleasesBackInTheirStates(t *testing.T) {
	j := opened(t, t.TempDir())
	for _, r := range []release.Release{
		{App: "voda", Number: 6, Color: release.Green, State: release.StateReplaced, Images: map[string]string{"web": "sha256:6"}},
		{App: "voda", Number: 7, Color: release.Blue, State: release.StateLive, Images: map[string]string{"web": "sha256:7"}},
	} {
		if err := j.Restore(r); err != nil {
			t.Fatal(err)
		}
	}
	m, err := j.Memory("voda")
	if err != nil || m.Next != 8 || len(m.Releases) != 2 {
		t.Fatalf("memory %+v, %v", m, err)
	}
	if m.Releases[0].State != release.StateLive || m.Releases[1].State != release.StateReplaced || m.Releases[1].Images["web"] != "sha256:6" {
		t.Errorf("releases %+v", m.Releases)
	}
	if err := j.Restore(release.Release{App: "voda", Number: 7}); err == nil {
		t.Error("a number was used twice")
	}
}

func TestTheHolderOfALockIsNamed(t *testing.T) {
	root := t.TempDir()
	j := opened(t, root)
	if pid, err := Holder(root, "voda"); err != nil || pid != 0 {
		t.Errorf("nobody holds it, got %d, %v", pid, err)
	}
	unlock, err := j.Lock("voda")
	if err != nil {
		t.Fatal(err)
	}
	if pid, err := Holder(root, "voda"); err != nil || pid != os.Getpid() {
		t.Errorf("holder %d, %v", pid, err)
	}
	id, err := j.Begin(release.Deploy{App: "voda", Kind: release.KindDown, PID: os.Getpid(), Started: time.Now()}, nil, plan[:1])
	must(t, err)
	if d, err := j.UnendedBy("voda", os.Getpid()); err != nil || d == nil || d.ID != id || d.Kind != release.KindDown {
		t.Errorf("it is at %+v, %v, want the down %d", d, err, id)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if pid, err := Holder(root, "voda"); err != nil || pid != 0 {
		t.Errorf("it is free again, got %d, %v", pid, err)
	}
}
