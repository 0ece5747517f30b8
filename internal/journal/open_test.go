package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"teal/internal/release"
)

// umask sets the process's umask until the test ends.
func umask(t *testing.T, mask int) {
	was := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(was) })
}

func TestFilesHaveTheirModeWhateverTheUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077} {
		t.Run(fmt.Sprintf("%03o", mask), func(t *testing.T) {
			umask(t, mask)
			root := filepath.Join(t.TempDir(), "teal")
			j := opened(t, root)
			begin(t, j, 1)
			unlock, err := j.Lock("voda")
			must(t, err)
			defer unlock()
			for name, want := range map[string]fs.FileMode{
				"": 0o755, "teal.db": 0o600, "teal.db-wal": 0o600, "teal.db-shm": 0o600, "locks": 0o755, "locks/voda": 0o600,
			} {
				info, err := os.Stat(filepath.Join(root, name))
				must(t, err)
				if got := info.Mode().Perm(); got != want {
					t.Errorf("%s/%s has mode %03o, want %03o", root, name, got, want)
				}
			}
			if left, _ := filepath.Glob(root + "/.new-*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// openedByMany opens the journal from many sides at one moment, each with
// something to write, and checks that all of it is there.
func openedByMany(t *testing.T, root string, many int) {
	t.Helper()
	ready := make(chan struct{})
	var all sync.WaitGroup
	for n := range many {
		all.Go(func() {
			<-ready
			j, err := Open(root)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(j.SaveNetwork(fmt.Sprintf("app%d", n), network(1)), j.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	close(ready)
	all.Wait()
	if apps, err := opened(t, root).Apps(); err != nil || len(apps) != many {
		t.Errorf("of %d apps it knows %v, %v", many, apps, err)
	}
}

// All find no journal and make one. What one of them writes must not be lost
// with a database that another puts in its place.
func TestOfManyWhoMakeTheJournalOneComesFirst(t *testing.T) {
	for range 5 {
		root := t.TempDir()
		openedByMany(t, root, 16)
	}
}

func TestADatabaseThatOthersMayReadIsClosedToThem(t *testing.T) {
	root := t.TempDir()
	must(t, opened(t, root).Close(), os.Chmod(root+"/teal.db", 0o644))
	opened(t, root)
	if info, _ := os.Stat(root + "/teal.db"); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
}

func TestEveryWriteIsSynced(t *testing.T) {
	j := opened(t, t.TempDir())
	var mode string
	var sync int
	must(t, j.db.QueryRow("PRAGMA journal_mode").Scan(&mode), j.db.QueryRow("PRAGMA synchronous").Scan(&sync))
	if mode != "wal" || sync != 2 { // 2 is FULL
		t.Errorf("journal_mode is %s, synchronous %d", mode, sync)
	}
}

func TestReadingCreatesNothing(t *testing.T) {
	root := filepath.Join(t.TempDir(), "teal")
	j, err := OpenReadOnly(root)
	must(t, err)
	defer j.Close()
	m, err := j.Memory("voda")
	must(t, err)
	if m.Next != 1 || m.Unended != nil || len(m.Releases) != 0 || m.Network.Subnet.IsValid() {
		t.Errorf("of nothing it remembers %+v", m)
	}
	if apps, err := j.Apps(); err != nil || len(apps) != 0 {
		t.Errorf("it knows %v, %v", apps, err)
	}
	if running, err := j.Running("voda"); err != nil || running {
		t.Errorf("running is %v, %v", running, err)
	}
	if err := j.SaveNetwork("voda", network(1)); err == nil {
		t.Error("a write into nothing was taken")
	}
	if _, err := j.Lock("voda"); err == nil {
		t.Error("a lock in nothing was given")
	}
	if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s was made: %v", root, err)
	}
}

func TestAReaderSeesAJournalThatNobodyElseHasOpen(t *testing.T) {
	root := t.TempDir()
	j := opened(t, root)
	deployed(t, j, 1)
	must(t, j.Close())
	r, err := OpenReadOnly(root)
	must(t, err)
	defer r.Close()
	m, err := r.Memory("voda")
	must(t, err)
	if len(m.Releases) != 1 || m.Releases[0].State != release.StateLive {
		t.Errorf("it remembers %+v", m)
	}
	if err := r.Forget("voda"); err == nil {
		t.Error("a reader could write")
	}
}

// TestWhatCannotBeUsedIsLeftAlone tries files that are no journal of this
// teal: each is refused with the code and the words, and stays as it is.
func TestWhatCannotBeUsedIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, root string)
		code  release.Code
		what  string
	}{
		"empty": {func(t *testing.T, root string) {
			must(t, os.WriteFile(root+"/teal.db", nil, 0o600))
		}, release.Internal, "is not a journal of teal"},
		"somebody else's": {func(t *testing.T, root string) { set(t, root, "application_id = 7") }, release.Internal, "is not a journal of teal"},
		"newer":           {func(t *testing.T, root string) { set(t, root, "user_version = 2") }, release.Invalid, "was written by a newer teal (schema 2, this one knows 1)"},
		"log without database": {func(t *testing.T, root string) {
			must(t, os.Remove(root+"/teal.db"), os.WriteFile(root+"/teal.db-wal", []byte("log"), 0o600))
		}, release.Internal, "teal.db is gone, but its log teal.db-wal is there"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			must(t, opened(t, root).Close())
			c.spoil(t, root)
			was, wasErr := os.ReadFile(root + "/teal.db")
			_, err := Open(root)
			var e *release.Error
			if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.What, c.what) || !strings.Contains(e.What, root) || e.Next == "" {
				t.Errorf("have %#v", err)
			}
			now, nowErr := os.ReadFile(root + "/teal.db")
			if string(was) != string(now) || errors.Is(wasErr, fs.ErrNotExist) != errors.Is(nowErr, fs.ErrNotExist) {
				t.Error("the file was changed")
			}
		})
	}
}

// set sets a pragma of the database in root.
func set(t *testing.T, root, pragma string) {
	db, err := open(root+"/teal.db", "rw")
	must(t, err)
	_, err = db.Exec("PRAGMA " + pragma)
	must(t, err, db.Close())
}

func TestDamageInTheMiddleIsToldAsSuch(t *testing.T) {
	root := t.TempDir()
	history(t, root, 30)
	must(t, opened(t, root).Close())
	set(t, root, "wal_checkpoint(TRUNCATE)")
	halve(t, root)
	r, err := OpenReadOnly(root)
	must(t, err)
	defer r.Close()
	_, err = r.Memory("voda")
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Internal || e.What != "the journal "+root+"/teal.db is damaged" {
		t.Errorf("have %#v", err)
	}
}

// A caller closes what it was given: a Journal without a database would not
// survive that.
func TestAJournalThatCannotBeOpenedIsNone(t *testing.T) {
	root := t.TempDir()
	must(t, opened(t, root).Close())
	set(t, root, "application_id = 7")
	if j, err := Open(root); j != nil || err == nil {
		t.Errorf("have %v, %v", j, err)
	}
	if j, err := OpenReadOnly(root); j != nil || err == nil {
		t.Errorf("to read: have %v, %v", j, err)
	}
}

func TestAFullDiskIsToldAndTheJournalStaysWhole(t *testing.T) {
	j := opened(t, t.TempDir())
	id := begin(t, j, 1)
	var pages int
	must(t, j.db.QueryRow("PRAGMA page_count").Scan(&pages))
	_, err := j.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+2))
	must(t, err)
	large := make([]release.Step, 2000)
	_, err = j.Begin(release.Deploy{App: "voda"}, nil, large)
	var e *release.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.What, "begin the deploy: no space left for ") {
		t.Fatalf("have %#v", err)
	}
	must(t, j.Intent(id, 1, plan[0]))
	if all, err := j.Deploys("voda", 0); err != nil || len(all) != 1 {
		t.Errorf("a deploy that could not begin is there: %v, %v", all, err)
	}
}

func TestAFolderThatMayNotBeWrittenIsToldWithWhatToDo(t *testing.T) {
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755), os.Chmod(filepath.Dir(root), 0o755))
	out := child(t, "open", root+"/teal").as(65534).output()
	want := "invalid: prepare the state folder: " + root + "/teal can't be used | run teal as the user who owns that folder, or name another in TEAL_STATE_DIR"
	if !strings.Contains(out, want) {
		t.Errorf("have %q", out)
	}
}

func TestAFolderOfSomeoneElseIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("giving a folder away takes root: sudo make test")
	}
	root := t.TempDir()
	must(t, opened(t, root).Close(), os.Chown(root, 65534, 65534))
	_, err := Open(root)
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Invalid || !strings.Contains(e.What, "belongs to nobody (uid 65534), and teal runs as root (uid 0)") || e.State == "" {
		t.Errorf("have %#v", err)
	}
	if j, err := OpenReadOnly(root); err != nil { // looking on harms nobody
		t.Error(err)
	} else {
		must(t, j.Close())
	}
}

// TestWhatSomeoneElseHasPutIntoTheFolderIsRefused puts links of another user
// where teal keeps its own. Nothing may come to be where they lead, and what
// root has put there is taken.
func TestWhatSomeoneElseHasPutIntoTheFolderIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("giving a link away takes root: sudo make test")
	}
	for _, path := range []string{"", "tables", "live", "flags", "apps", "proxy", "locks", "teal.db", "teal.db-wal", "nginx.lock", "live/voda", "live/.voda.next", "flags/up", "apps/voda", "locks/voda"} {
		t.Run(path, func(t *testing.T) {
			target := t.TempDir()
			root := filepath.Join(t.TempDir(), "st[a]te*")
			link := filepath.Join(root, path)
			must(t, os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(target, link), os.Lchown(link, 65534, 65534))
			_, err := Open(root)
			var e *release.Error
			if !errors.As(err, &e) || e.Code != release.Invalid || !strings.HasPrefix(e.What, link+" belongs to nobody (uid 65534)") || e.State == "" || !strings.Contains(e.Next, "chown -h 0 "+link) {
				t.Errorf("have %v", err)
			}
			if left, _ := os.ReadDir(target); len(left) > 0 {
				t.Errorf("where it leads is %v", left)
			}
			if strings.HasPrefix(filepath.Base(path), "teal.db") {
				return // a folder is no database, whoever owns the link
			}
			must(t, os.Lchown(link, 0, 0))
			opened(t, root)
		})
	}
}

func TestAFolderThatOthersMayWriteToIsRefused(t *testing.T) {
	root := t.TempDir()
	must(t, os.Chmod(root, 0o777))
	_, err := Open(root)
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Invalid || !strings.HasPrefix(e.What, "others may write to the state root "+root) || !strings.HasPrefix(e.Next, "chmod go-w "+root) {
		t.Errorf("have %#v", err)
	}
	if left, _ := os.ReadDir(root); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	must(t, os.Chmod(root, 0o775)) // a group of one's own is common
	opened(t, root)
}
