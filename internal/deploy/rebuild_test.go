package deploy

import (
	"testing"

	"teal/internal/release"
)

func TestALostJournalIsRebuiltFromWhatIsThere(t *testing.T) {
	m := released(t, 3)
	m.memory, m.specs = release.Memory{Next: 1}, map[int]release.Spec{}
	d := m.deployer()
	said := false
	d.Events = func(e release.Event) {
		said = said || e.Type == release.EventNote && e.Text == "the journal knows nothing of voda; rebuilt from nginx and the containers' labels: release 3 (live) in blue, release 2 (replaced) in green"
	}
	r, err := d.Deploy(t.Context(), app())
	if err != nil || !said || m.violation != nil {
		t.Fatalf("%v, said %v, %v", err, said, m.violation)
	}
	if r.Release != 4 || r.Color != release.Green || r.Replaced != 3 {
		t.Errorf("after releases 3 and 2 came %d in %s, replacing %d", r.Release, r.Color, r.Replaced)
	}
	if m.state(3) != release.StateReplaced || m.state(4) != release.StateLive {
		t.Errorf("history %+v", m.memory.Releases)
	}
}

func TestAJournalFromABackupIsToldToBeOlder(t *testing.T) {
	m := released(t, 1)
	older := m.memory.Releases[0]
	for range 2 {
		if _, err := m.deployer().Deploy(t.Context(), app()); err != nil {
			t.Fatal(err)
		}
	}
	m.memory.Releases, m.memory.Next = []release.Release{older}, 2
	d := m.deployer()
	said := false
	d.Events = func(e release.Event) {
		said = said || e.Type == release.EventNote && e.Text == "the journal knows an older voda alone; rebuilt from nginx and the containers' labels: release 3 (live) in blue, release 2 (replaced) in green"
	}
	r, err := d.Deploy(t.Context(), app())
	if err != nil || !said || m.violation != nil || r.Release != 4 || m.serving() != r.Color {
		t.Fatalf("%v, said %v, %v: release %d in %s, %s serves", err, said, m.violation, r.Release, r.Color, m.serving())
	}
	if m.state(3) != release.StateReplaced || m.state(1) != release.StateReplaced {
		t.Errorf("history %+v", m.memory.Releases)
	}
}

func TestARollbackWithoutAJournalResumesWhatLiesStopped(t *testing.T) {
	m := released(t, 2)
	m.memory, m.specs = release.Memory{Next: 1}, map[int]release.Spec{}
	if _, err := m.deployer().Rollback(t.Context(), app(), 0); err != nil {
		t.Fatal(err)
	}
	if m.serving() != release.Blue || m.colors[release.Blue].release() != 1 || m.violation != nil {
		t.Errorf("%q serves, blue %+v, %v", m.serving(), m.colors[release.Blue], m.violation)
	}
}
