package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lite "modernc.org/sqlite/lib"

	"teal/internal/release"
)

// spoil makes the database of root one that SQLite calls damaged.
func spoil(t *testing.T, root string) {
	t.Helper()
	must(t, os.WriteFile(root+"/teal.db", []byte(strings.Repeat("nonsense", 1000)), 0o600))
}

// halve cuts the database's pages from the second on to zeros: its header is
// whole.
func halve(t *testing.T, root string) {
	t.Helper()
	info, err := os.Stat(root + "/teal.db")
	must(t, err)
	file, err := os.OpenFile(root+"/teal.db", os.O_RDWR, 0)
	must(t, err)
	_, err = file.WriteAt(make([]byte, info.Size()-4096), 4096)
	must(t, err, file.Close())
}

// asides are the databases that were set aside in root, without their logs.
func asides(t *testing.T, root string) []string {
	t.Helper()
	all, err := filepath.Glob(root + "/teal.db" + asideMark + "*")
	must(t, err)
	return slices.DeleteFunc(all, func(name string) bool {
		return strings.Contains(filepath.Base(name), "-wal") || strings.Contains(filepath.Base(name), "-shm")
	})
}

// written is a journal that a killed writer left: its log is not empty.
func written(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	holder := child(t, "lock", root).start()
	holder.line()
	holder.kill()
	if info, err := os.Stat(root + "/teal.db-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("the killed writer left no log: %v", err)
	}
	return root
}

func TestADamagedJournalIsKeptAsideAndANewOneBegun(t *testing.T) {
	for name, damage := range map[string]func(*testing.T, string){"no database": spoil, "damaged in the middle": halve} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			first, err := Open(root)
			must(t, err)
			for number := range 5 {
				deployed(t, first, number+1)
			}
			must(t, first.Close())
			damage(t, root)
			must(t, os.WriteFile(root+"/teal.db-wal", []byte("what was in the log"), 0o600))
			was, err := os.ReadFile(root + "/teal.db")
			must(t, err)
			j := opened(t, root)
			aside := j.SetAside()
			if aside == nil || !strings.HasPrefix(aside.File, root+"/teal.db.damaged-2") || aside.Why == "" {
				t.Fatalf("set aside: %+v", aside)
			}
			kept, err := os.ReadFile(aside.File)
			must(t, err)
			log, err := os.ReadFile(aside.File + "-wal")
			must(t, err)
			if string(kept) != string(was) || string(log) != "what was in the log" {
				t.Errorf("%d bytes of %d are kept, and %q of the log", len(kept), len(was), log)
			}
			if info, err := os.Stat(aside.File); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("what holds secrets has mode %v, %v", info.Mode(), err)
			}
			deployed(t, j, 7)
			again := opened(t, root)
			if m, err := again.Memory("voda"); err != nil || len(m.Releases) != 1 || again.SetAside() != nil {
				t.Errorf("the new one knows %+v, %v, set aside %v", m.Releases, err, again.SetAside())
			}
		})
	}
}

func TestWhoOnlyLooksLeavesADamagedJournalAndSaysWhatWillBecomeOfIt(t *testing.T) {
	root := written(t)
	spoil(t, root)
	_, err := OpenReadOnly(root)
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Internal || !strings.Contains(e.Next, "sets the damaged journal aside") || e.State != "nothing was changed" {
		t.Errorf("have %#v", err)
	}
	if left := asides(t, root); len(left) > 0 {
		t.Errorf("it moved %v", left)
	}
}

// The database is that of all apps: a deploy of another one must not find
// itself writing into what was moved away.
func TestADamagedJournalIsNotTakenFromUnderADeploy(t *testing.T) {
	root := t.TempDir()
	holder := child(t, "lock", root).start()
	holder.line()
	spoil(t, root)
	_, err := Open(root)
	var e *release.Error
	want := fmt.Sprintf("is damaged, and another teal has it open, for voda (pid %d)", holder.cmd.Process.Pid)
	if !errors.As(err, &e) || e.Code != release.Locked || !strings.Contains(e.What, want) || e.State != "nothing was changed" || e.Next == "" {
		t.Errorf("have %#v", err)
	}
	if left := asides(t, root); len(left) > 0 {
		t.Errorf("it moved %v", left)
	}
	holder.kill()
	if opened(t, root).SetAside() == nil {
		t.Error("with nobody there any more it is still in the way")
	}
}

// A reader that had the old database open takes nothing of the new one away
// when it closes.
func TestAReaderOfADamagedJournalDoesNotStopOrHurtTheNewOne(t *testing.T) {
	root := t.TempDir()
	must(t, opened(t, root).Close())
	reader, err := OpenReadOnly(root)
	must(t, err)
	_, err = reader.Memory("voda")
	must(t, err)
	spoil(t, root)
	j := opened(t, root)
	deployed(t, j, 1)
	must(t, reader.Close())
	if _, err := os.Stat(root + "/teal.db-wal"); err != nil {
		t.Errorf("the new log: %v", err)
	}
	if m, err := opened(t, root).Memory("voda"); err != nil || len(m.Releases) != 1 {
		t.Errorf("the new one knows %+v, %v", m.Releases, err)
	}
}

func TestOfManyWhoMeetADamagedJournalOneSetsItAside(t *testing.T) {
	root := written(t)
	spoil(t, root)
	openedByMany(t, root, 8)
	if left := asides(t, root); len(left) != 1 {
		t.Errorf("set aside were %v", left)
	}
}

func TestAKillWhileAJournalIsSetAsideLosesNothing(t *testing.T) {
	root := written(t)
	log, err := os.ReadFile(root + "/teal.db-wal")
	must(t, err)
	to := root + "/teal.db" + asideMark + "20260102-030405"
	for _, part := range parts {
		must(t, os.Link(root+"/teal.db"+part, to+part))
	}
	must(t, os.Remove(root+"/teal.db")) // killed here
	j := opened(t, root)
	if m, err := j.Memory("voda"); err != nil || len(m.Releases) != 0 {
		t.Errorf("the old log was taken for the new one's: %+v, %v", m.Releases, err)
	}
	if kept, err := os.ReadFile(to + "-wal"); err != nil || string(kept) != string(log) {
		t.Errorf("of %d bytes of the log %d are kept, %v", len(log), len(kept), err)
	}
}

func TestNothingButDamageCountsAsDamage(t *testing.T) {
	j := &Journal{root: "/var/lib/teal"}
	cause := errors.New("as SQLite says")
	for name, kind := range map[string]int{
		"busy": lite.SQLITE_BUSY, "locked": lite.SQLITE_LOCKED, "no right": lite.SQLITE_PERM, "only to read": lite.SQLITE_READONLY,
		"disk fails": lite.SQLITE_IOERR, "disk full": lite.SQLITE_FULL, "can't open": lite.SQLITE_CANTOPEN, "no memory": lite.SQLITE_NOMEM,
		"log in use": lite.SQLITE_PROTOCOL, "error": lite.SQLITE_ERROR,
	} {
		if errors.Is(j.databaseFault("look", kind, cause), errDamaged) {
			t.Errorf("%s is taken for damage", name)
		}
	}
	for _, kind := range []int{lite.SQLITE_CORRUPT, lite.SQLITE_NOTADB} {
		if err := j.databaseFault("look", kind, cause); !errors.Is(err, errDamaged) || !errors.Is(err, cause) {
			t.Errorf("damage is none: %v", err)
		}
	}
}
