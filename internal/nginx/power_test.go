package nginx

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"teal/internal/release"
)

// inode is what lies on a disk that may lose its power: of a folder, the
// changes of its entries in their order, of which the first ones, up to its
// last sync, are kept for sure; of a file, its text, which may be lost unless
// it was synced.
type inode struct {
	folder  bool
	link    string
	text    string
	synced  bool
	entries []entry
	durable int
}

// entry gives a name to a node, or takes it away; a rename does both at once.
type entry struct {
	name string
	node *inode
	from string
}

// names are the folder's entries after its first n changes.
func (d *inode) names(n int) map[string]*inode {
	names := map[string]*inode{}
	for _, e := range d.entries[:n] {
		delete(names, e.from)
		if names[e.name] = e.node; e.node == nil {
			delete(names, e.name)
		}
	}
	return names
}

func (d *inode) find(path string) *inode {
	for _, name := range strings.Split(strings.Trim(path, "/"), "/") {
		if d != nil && name != "" {
			d = d.names(len(d.entries))[name]
		}
	}
	return d
}

// apply makes a recorded change; paths are those below the disk's root.
func (d *inode) apply(c diskChange) {
	parent, name := d.find(filepath.Dir(c.path)), filepath.Base(c.path)
	switch c.op {
	case "sync":
		d := d.find(c.path)
		d.durable = len(d.entries)
	case "mkdir":
		parent.entries = append(parent.entries, entry{name: name, node: &inode{folder: true}})
	case "write":
		parent.entries = append(parent.entries, entry{name: name, node: &inode{text: c.text, synced: c.synced}})
	case "symlink":
		parent.entries = append(parent.entries, entry{name: name, node: &inode{link: c.to}})
	case "rename":
		parent.entries = append(parent.entries, entry{name: filepath.Base(c.to), node: d.find(c.path), from: name})
	case "remove":
		parent.entries = append(parent.entries, entry{name: name})
	}
}

// losses are all ways in which a power cut may leave the folder's tree: each
// folder with any number of its unsynced changes, the first ones first, and
// files that were not synced with their text or without. They come as the text
// by path, a folder's ending in a slash, a symlink's text beginning with an
// arrow.
func (d *inode) losses(at string, empty bool) []map[string]string {
	var all []map[string]string
	for n := d.durable; n <= len(d.entries); n++ {
		trees := []map[string]string{{at + "/": ""}}
		for name, node := range d.names(n) {
			trees = crossed(trees, node.kept(at+"/"+name, empty))
		}
		all = append(all, trees...)
	}
	return all
}

func (d *inode) kept(at string, empty bool) []map[string]string {
	switch {
	case d.folder:
		return d.losses(at, empty)
	case d.link != "":
		return []map[string]string{{at: "->" + d.link}}
	case empty && !d.synced:
		return []map[string]string{{at: ""}}
	}
	return []map[string]string{{at: d.text}}
}

func crossed(trees, others []map[string]string) []map[string]string {
	var all []map[string]string
	for _, a := range trees {
		for _, b := range others {
			both := maps.Clone(a)
			maps.Copy(both, b)
			all = append(all, both)
		}
	}
	return all
}

// lay puts a tree onto a real disk.
func lay(t *testing.T, root string, tree map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		var err error
		at := root + strings.TrimSuffix(path, "/")
		link, isLink := strings.CutPrefix(tree[path], "->")
		switch {
		case strings.HasSuffix(path, "/"):
			err = os.MkdirAll(at, 0o755)
		case isLink:
			err = os.Symlink(link, at)
		default:
			err = os.WriteFile(at, []byte(tree[path]), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// recording records what do changes below the root, as paths below it.
func recording(t *testing.T, root string, do func() error) []diskChange {
	t.Helper()
	var list []diskChange
	recorded = func(c diskChange) {
		c.path = strings.TrimPrefix(c.path, root)
		if c.op == "rename" {
			c.to = strings.TrimPrefix(c.to, root)
		}
		list = append(list, c)
	}
	defer func() { recorded = nil }()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	return list
}

// cuts calls look with every tree that a power cut may leave: after each of the
// changes, with each legal part of what was not synced.
func cuts(t *testing.T, before, changes []diskChange, look func(root string, done bool)) (count int) {
	t.Helper()
	seen := map[string]bool{}
	for k := 0; k <= len(changes); k++ {
		disk := &inode{folder: true}
		for _, c := range slices.Concat(before, changes[:k]) {
			disk.apply(c)
		}
		for _, tree := range append(disk.losses("", false), disk.losses("", true)...) {
			key := mapText(tree, k == len(changes))
			if count++; seen[key] {
				continue
			}
			seen[key] = true
			root := t.TempDir()
			lay(t, root, tree)
			look(root, k == len(changes))
		}
	}
	return count
}

func mapText(tree map[string]string, done bool) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		b.WriteString(path + "=" + tree[path] + "\n")
	}
	if done {
		b.WriteString("done")
	}
	return b.String()
}

// Not parallel: the record is of the whole process.
func TestAPowerCutAnywhereInAShiftLeavesTheOldTableOrTheNewOne(t *testing.T) {
	app := release.App{Name: "voda"}
	older, newer := release.Table{Green: 2}, release.Table{Green: 3}
	root := t.TempDir() + "/state"
	shift := func(to release.Table) func() error {
		return func() error {
			r, err := New(root)
			if err != nil {
				return err
			}
			return r.Shift(context.Background(), app, to)
		}
	}
	first := recording(t, filepath.Dir(root), shift(older))
	second := recording(t, filepath.Dir(root), shift(newer))
	look := func(was *release.Table, to release.Table) func(string, bool) {
		return func(root string, done bool) { afterCut(t, root+"/state", app, was, to, done) }
	}
	trees := cuts(t, nil, first, look(nil, older)) + cuts(t, first, second, look(&older, newer))
	t.Logf("%d and %d changes of the disk, %d power cuts", len(first), len(second), trees)
}

// afterCut checks what nginx routes by, and that the next shift heals all.
func afterCut(t *testing.T, root string, app release.App, was *release.Table, to release.Table, done bool) {
	t.Helper()
	l := layout{root}
	on, known := l.onDisk(app.Name)
	if !known && (was != nil || done) || known && on != to && (was == nil || on != *was) || done && on != to {
		t.Fatalf("on disk is %v (%v), it was %v and was to be %v (done %v)", on, known, was, to, done)
	}
	if known && !l.complete(on) {
		t.Fatalf("table %s is live and not whole (done %v)", on.Name(), done)
	}
	r, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Shift(t.Context(), app, to); err != nil {
		t.Fatal(err)
	}
	if on, _ := r.onDisk(app.Name); on != to || !r.complete(to) || remains(r.next(app.Name)) {
		t.Fatalf("the next shift leaves %v", on)
	}
}

func TestAPowerCutAnywhereInAChangeOfTheConfigLeavesTheOldOrTheNewOne(t *testing.T) {
	root := t.TempDir()
	path := root + "/apps/voda/host.conf"
	put := func(text string) func() error {
		return func() error {
			if err := folder(filepath.Dir(path)); err != nil {
				return err
			}
			return write([]file{{path, []byte(text), 0o600}})
		}
	}
	first := recording(t, root, put("old"))
	second := recording(t, root, put("new"))
	trees := cuts(t, first, second, func(root string, done bool) {
		text, err := os.ReadFile(root + "/apps/voda/host.conf")
		if err != nil || string(text) != "new" && (done || string(text) != "old") {
			t.Fatalf("the config is %q (%v), done %v", text, err, done)
		}
	})
	trees += cuts(t, nil, first, func(root string, done bool) {
		text, err := os.ReadFile(root + "/apps/voda/host.conf")
		if done && err != nil || err == nil && string(text) != "old" {
			t.Fatalf("the config is %q (%v), done %v", text, err, done)
		}
	})
	t.Logf("%d power cuts", trees)
}
