package nginx

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// A root that changed nginx from a folder of another user would have nginx's
// master read what that user writes there.
func TestRootChangesNothingByTheStateRootOfAnother(t *testing.T) {
	for what, give := range map[string]func(dir, link string) error{
		"a folder": func(dir, link string) error { return errors.Join(os.Chown(dir, nobody, nobody), os.Symlink(dir, link)) },
		"a link": func(dir, link string) error {
			return errors.Join(os.Symlink(dir, link), os.Lchown(link, nobody, nobody))
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := setStage(t)
			dir := t.TempDir()
			link := filepath.Join(publicDir(t), "link")
			s.must(errors.Join(os.Chmod(dir, 0o700), give(dir, link)))
			r, err := New(link)
			s.must(err)
			defer r.Close()
			for name, err := range map[string]error{
				"up": r.Up(s.ctx, s.app), "apply": r.Apply(s.ctx, s.app, s.net), "shift": r.Shift(s.ctx, s.app, release.Table{Green: 3}),
				"remove": r.Remove(s.ctx, s.app), "proxy up": r.ProxyUp(s.ctx, ""), "proxy reload": r.ProxyReload(s.ctx, ""),
			} {
				if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "the state root "+link+" belongs to uid 65534, and teal runs as uid 0") {
					t.Errorf("%s: %s", name, describe(err))
				}
			}
			left, err := os.ReadDir(dir)
			if info, _ := os.Stat(dir); err != nil || len(left) > 0 || info.Mode().Perm() != 0o700 {
				t.Errorf("it has %v now, mode %v, %v", left, info.Mode(), err)
			}
		})
	}
}

// plant puts links to a file and a folder outside where teal writes, drafts
// included.
func plant(t *testing.T, r *Router, outside string) {
	t.Helper()
	for path, to := range map[string]string{
		"live/.voda.next": "file", "tables/.draft": "folder", "tables/g3/00": "file", "tables/g3/01": "none", "tables/g3/table": "file",
		"tables/g3/77": "file", "flags/up/voda.watch": "file", "flags/up/closing.standalone": "folder", "flags/up/closing.standalone.voda": "none",
		"apps/voda/.standalone.conf123": "file", "apps/voda/standalone.conf": "file", "proxy/nginx.conf": "file",
	} {
		path = filepath.Join(r.root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(filepath.Join(outside, to), path)); err != nil {
			t.Fatal(err)
		}
	}
}

// lying is all that lies below the folder: what files hold, and their modes.
func lying(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && !d.IsDir() {
			all[path] = info.Mode().String() + readFile(t, path)
		} else if err == nil {
			all[path] = info.Mode().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNoLinkInTheStateRootLeadsAWriteElsewhere(t *testing.T) {
	s := setStage(t)
	outside := t.TempDir()
	s.must(errors.Join(os.WriteFile(filepath.Join(outside, "file"), []byte("# theirs\n"), 0o640), os.Mkdir(filepath.Join(outside, "folder"), 0o700)))
	before := lying(t, outside)
	plant(t, s.r, outside)

	s.up()
	s.must(s.r.Shift(s.ctx, s.app, release.Table{Green: 3}))
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.must(s.r.Watch(s.ctx, s.app, true))
	s.must(s.r.Confirm(s.ctx, s.app, release.Table{Green: 3}))
	s.must(raise(render.ClosingFlag(s.r.root, "standalone")))
	s.must(s.r.Tidy(s.ctx, s.app))
	if !s.r.complete(release.Table{Green: 3}) {
		t.Error("the table is not whole")
	}
	log := s.r.traffic(s.app.Name)
	s.must(errors.Join(os.Remove(log), os.Symlink(filepath.Join(outside, "file"), log)))
	if err := s.r.Watch(s.ctx, s.app, true); err == nil {
		t.Error("a log that is a link was emptied")
	}
	s.must(os.Remove(log))
	s.must(s.r.Remove(s.ctx, s.app))
	if after := lying(t, outside); !maps.Equal(before, after) {
		t.Errorf("outside was %v and is %v", before, after)
	}
}
