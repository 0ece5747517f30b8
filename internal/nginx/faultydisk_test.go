package nginx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"teal/internal/release"
)

// diskErrors are what a file system says when it can't.
var diskErrors = []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EMFILE}

// brokenAt lets the change with that number, and if on all after it, fail below
// the root, while do runs: where the text of a file is written in its place, after
// the file was emptied, as on a disk that is full. It returns how many there were.
func brokenAt(root string, at int, on bool, fault error, do func()) (count int) {
	refused = func(c diskChange) error {
		if !strings.HasPrefix(c.path, root) {
			return nil // of another test's
		}
		if count++; count != at && !(on && count > at) {
			return nil
		}
		if c.op == "write" && !c.synced {
			_ = os.WriteFile(c.path, nil, 0o644)
		}
		return fault
	}
	defer func() { refused = nil }()
	do()
	return count
}

// blames checks that the error says what could not be done to which file, and
// why.
func blames(t *testing.T, when string, err, fault error) {
	t.Helper()
	var path *fs.PathError
	if !errors.Is(err, fault) || !errors.As(err, &path) || !strings.Contains(err.Error(), path.Path) {
		t.Fatalf("%s: %v does not tell of %v and where", when, err, fault)
	}
}

// Not parallel: the disk is of the whole process. No nginx runs: what it routes
// by is the link and its table.
func TestADiskThatFailsAnywhereInAShiftLeavesTheOldTableOrTheNewOne(t *testing.T) {
	app := release.App{Name: "voda"}
	older, newer := release.Table{Green: 2}, release.Table{Green: 3}
	cases := 0
	for _, was := range []*release.Table{nil, &older} {
		for _, fault := range diskErrors {
			for at := 1; ; at++ {
				root := filepath.Join(t.TempDir(), "state")
				r, err := New(root)
				if err == nil && was != nil {
					err = r.Shift(t.Context(), app, *was)
				}
				if err != nil {
					t.Fatal(err)
				}
				on := at%2 == 0
				if n := brokenAt(root, at, on, fault, func() { err = r.Shift(t.Context(), app, newer) }); n < at {
					break
				}
				cases++
				blames(t, "shift", err, fault)
				afterCut(t, root, app, was, newer, false)
			}
		}
	}
	if cases < 40 {
		t.Errorf("%d cases: this shows little", cases)
	}
	t.Logf("%d faults of the real disk", cases)
}

// With a real nginx, which serves all the time and in the end runs what is on
// the disk. Each change of the disk meets one of the errors.
func TestADiskThatFailsAnywhereInAChangeOfTheSiteLeavesItAsItWas(t *testing.T) {
	s := another(t)
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	grown := s.app
	grown.Routes = append(slices.Clone(s.app.Routes), release.Route{Path: "/more/", To: "web"})
	shapes := []release.App{grown, s.app}
	cases := 0
	for at := 1; ; at++ {
		app := shapes[cases%2]
		path := s.r.conf(app.Name, "standalone")
		before := readFile(t, path)
		fault, on := diskErrors[at%len(diskErrors)], at%3 == 0
		var err error
		if n := brokenAt(s.r.root, at, on, fault, func() { err = s.r.Apply(s.ctx, app, s.net) }); n < at {
			s.must(err)
			break
		}
		cases++
		s.servedBy(release.Blue)
		if err != nil {
			blames(t, "apply", err, fault)
		}
		if after := readFile(t, path); err != nil && !on && after != before {
			t.Errorf("at %d: the failed change is on the disk: %v", at, err)
		}
		s.must(s.r.Apply(s.ctx, app, s.net))
		s.must(s.r.Tidy(s.ctx, app))
		o, err := s.r.Observe(s.ctx, app, s.net)
		s.must(err)
		if !o.Ready() || len(o.Leftovers) > 0 {
			t.Fatalf("at %d: the next change does not mend it: %+v", at, o)
		}
	}
	if cases < 4 {
		t.Errorf("%d cases: this shows little", cases)
	}
	t.Logf("%d faults of the real disk", cases)
}

func TestADiskThatFailsAnywhereInAFirstSiteLeavesNothingBehind(t *testing.T) {
	cases := 0
	for at := 1; ; at++ {
		s := another(t)
		s.up()
		for _, c := range release.Colors { // the test above has their hundred files
			s.must(s.r.tabled(s.ctx, release.TableFor(c)))
		}
		fault, on := diskErrors[at%len(diskErrors)], at%3 == 0
		var err error
		if n := brokenAt(s.r.root, at, on, fault, func() { err = s.r.Apply(s.ctx, s.app, s.net) }); n < at {
			s.must(err)
			break
		}
		cases++
		if err != nil {
			blames(t, "apply", err, fault)
		}
		if left := remains(s.r.conf(s.app.Name, "standalone")); err != nil && !on && left {
			t.Errorf("at %d: the configuration of a site that never was is left: %v", at, err)
		}
		s.must(s.r.Apply(s.ctx, s.app, s.net))
		s.shift(release.Blue)
		s.servedBy(release.Blue)
	}
	t.Logf("%d faults of the real disk", cases)
}
