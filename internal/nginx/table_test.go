package nginx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"teal/internal/release"
)

// readLink is the inode of the app's link.
func readLink(s *stage) (uint64, error) {
	info, err := os.Lstat(s.r.live(s.app.Name))
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}

func TestManyAppsMayShiftToANewTableAtOnce(t *testing.T) {
	dir := publicDir(t)
	table := release.Table{Green: 37}
	var all sync.WaitGroup
	for n := range 8 {
		r, err := New(dir)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			app := release.App{Name: fmt.Sprint("app", n)}
			if err := r.Shift(t.Context(), app, table); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l := layout{dir}
	entries, err := os.ReadDir(l.tables())
	if err != nil || len(entries) != 1 || entries[0].Name() != "g37" {
		t.Errorf("tables are %v (%v), want g37 alone", entries, err)
	}
	files, err := os.ReadDir(l.live("app0"))
	if err != nil || len(files) != 38 || files[36].Name() != "36" {
		t.Errorf("the table has %d files (%v), want buckets 00 to 36 and its name", len(files), err)
	}
}

func TestADraftLeftByAKilledBuilderIsNoObstacle(t *testing.T) {
	l := layout{publicDir(t)}
	if err := folder(filepath.Join(l.tables(), ".draft", "99")); err != nil {
		t.Fatal(err)
	}
	if err := l.build(release.Table{Green: 1}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Join(l.tables(), "g1"))
	if err != nil || len(files) != 2 {
		t.Errorf("the table has %v (%v)", files, err)
	}
}

func TestATableThatIsNotWholeIsMendedInItsPlace(t *testing.T) {
	s := open(t)
	s.shift(release.Green)
	green := s.r.table(release.TableFor(release.Green))
	before, err := os.Stat(green)
	s.must(err)
	for what, harm := range map[string]func() error{
		"its name is lost, as by a power cut": func() error { return os.Truncate(filepath.Join(green, "table"), 0) },
		"its name is gone":                    func() error { return os.Remove(filepath.Join(green, "table")) },
		"a bucket is gone":                    func() error { return os.Remove(filepath.Join(green, "42")) },
	} {
		s.must(harm())
		s.must(s.r.Confirm(s.ctx, s.app, release.TableFor(release.Green)))
		if !s.r.complete(release.TableFor(release.Green)) {
			t.Errorf("%s: it is not whole", what)
		}
		s.servedBy(release.Green)
	}
	if after, err := os.Stat(green); err != nil || !os.SameFile(before, after) {
		t.Errorf("the live table's folder was replaced: %v", err)
	}
	s.must(publish(filepath.Join(s.r.table(release.TableFor(release.Blue)), "07"), ""))
	s.shift(release.Blue)
	if remains(filepath.Join(s.r.table(release.TableFor(release.Blue)), "07")) {
		t.Error("blue sends a bucket to green")
	}
}

func TestAStateRootThatWorkersCannotReachIsRefused(t *testing.T) {
	dir := publicDir(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := New(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.ProxyDown(context.Background(), "", true) })
	err = r.ProxyUp(t.Context(), "")
	if release.CodeOf(err) != release.Invalid || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

func TestALinkLeftByAKilledShiftIsNoObstacle(t *testing.T) {
	r, err := New(publicDir(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := folder(r.lives()); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(r.lives(), ".voda.next")); err != nil {
		t.Fatal(err)
	}
	app := release.App{Name: "voda"}
	if err := r.Shift(t.Context(), app, release.TableFor(release.Green)); err != nil {
		t.Fatal(err)
	}
	if on, ok := r.onDisk("voda"); !ok || on != release.TableFor(release.Green) {
		t.Errorf("on disk: %v %v", on, ok)
	}
}

func TestTheStateRootMustBeAbsolute(t *testing.T) {
	if _, err := New("state"); err == nil {
		t.Error("a relative root was taken")
	}
}
