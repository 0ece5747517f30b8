package nginx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// layout is where things lie under the state root. The root and all folders
// nginx's workers look into are traversable for everyone and writable by
// teal alone.
type layout struct{ root string }

func (l layout) tables() string               { return filepath.Join(l.root, "tables") }
func (l layout) table(t release.Table) string { return filepath.Join(l.tables(), t.Name()) }
func (l layout) lives() string                { return filepath.Join(l.root, "live") }
func (l layout) live(app string) string       { return filepath.Join(l.lives(), app) }
func (l layout) next(app string) string       { return filepath.Join(l.lives(), "."+app+".next") }
func (l layout) flags() string                { return filepath.Dir(render.FlagsFolder(l.root)) }
func (l layout) watch(app string) string      { return render.WatchFlag(l.root, app) }
func (l layout) closing(place string) string  { return render.ClosingFlag(l.root, place) }
func (l layout) closingOf(place, app string) string {
	return render.ClosingFlagOf(l.root, place, app)
}
func (l layout) app(app string) string       { return filepath.Join(l.root, "apps", app) }
func (l layout) token(app string) string     { return filepath.Join(l.app(app), "token") }
func (l layout) traffic(app string) string   { return render.TrafficLog(l.root, app) }
func (l layout) proxy() string               { return filepath.Join(l.root, "proxy") }
func (l layout) lock() string                { return filepath.Join(l.root, "nginx.lock") }
func (l layout) conf(a, place string) string { return filepath.Join(l.app(a), place+".conf") }

// confs are the configuration files of all apps in the nginx of that place.
func (l layout) confs(place string) ([]string, error) { return filepath.Glob(l.conf("*", place)) }

// folder makes a folder that nginx's workers can pass through, whatever the
// umask is.
func folder(path string) error {
	if err := made(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() == 0o755 {
		return err
	}
	return os.Chmod(path, 0o755)
}

// made makes the folder and those above it, each of which is on the disk before
// anything is put in it.
func made(path string) error {
	above := filepath.Dir(path)
	if remains(path) || above == path {
		return os.MkdirAll(path, 0o755) // which says what is wrong with it
	}
	if err := made(above); err != nil {
		return err
	}
	if err := mkdir(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncFolder(above); !errors.Is(err, fs.ErrPermission) { // one that may be passed through need not be one that may be opened
		return err
	}
	return nil
}

// remains reports whether something lies at the path, a dangling symlink
// included.
func remains(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
