package release

import (
	"net/netip"
	"path"
	"path/filepath"
	"slices"
)

// Housing is a container that an nginx runs in, as Docker has it; the zero
// Housing is none.
type Housing struct {
	ID, Name string
	Running  bool
	PID      int  // of its first process, on this machine; 0 when it doesn't run
	Host     bool // it shares the machine's network
	Addrs    map[string]netip.Addr
	Mounts   []Mount
}

// Mount is a path of this machine that a container sees.
type Mount struct {
	Source   string // on this machine, absolute
	Target   string // in the container, absolute
	ReadOnly bool
}

// Line is the mount as an entry of volumes in a compose file.
func (m Mount) Line() string {
	line := m.Source + ":" + m.Target
	if m.ReadOnly {
		line += ":ro"
	}
	return line
}

// DefaultSites is the folder of an nginx in a container which its main file
// includes, where the proxy names none.
const DefaultSites = "/etc/nginx/conf.d"

// ProxyMounts are the folders that an nginx in a container must see to serve
// the app, root being teal's state root: folders, never single files, for a
// mounted file is pinned and hides a rename. A mount whose target the container
// has already, itself or above it, is not needed.
func (a App) ProxyMounts(root string, p Proxy) []Mount {
	same := func(path string, readOnly bool) Mount { return Mount{path, path, readOnly} }
	list := []Mount{
		same(filepath.Join(root, "tables"), true),
		same(filepath.Join(root, "live"), true),
		same(filepath.Join(root, "flags"), true),
		same(filepath.Join(root, "apps", a.Name), false), // nginx writes the traffic log there
	}
	if log := a.Site.AccessLog.Path; log != "" {
		list = append(list, same(filepath.Dir(log), false))
	}
	for _, dir := range a.served(p) {
		if !slices.ContainsFunc(list, func(m Mount) bool { return m.Target == dir }) {
			list = append(list, same(dir, true))
		}
	}
	if p.Service != "" {
		sites := Mount{Source: filepath.Join(root, "apps", a.Name, "sites-"+p.Service), Target: DefaultSites, ReadOnly: true}
		if p.Sites != "" {
			sites.Target = path.Clean(p.Sites)
		}
		list = append(list, sites)
	}
	return list
}

// served are the folders of files that nginx itself reads for the app.
func (a App) served(p Proxy) []string {
	var dirs []string
	for _, c := range append([]Color{None}, Colors...) {
		for _, r := range a.ShapeIn(c).Routes {
			dirs = append(dirs, r.Files)
		}
	}
	for _, file := range a.Site.ErrorPages {
		dirs = append(dirs, filepath.Dir(file))
	}
	if t := a.TLSOf(p); t != nil {
		dirs = append(append(dirs, t.ACME), homes(t.Cert, t.Key)...)
	}
	slices.Sort(dirs)
	return slices.DeleteFunc(slices.Compact(dirs), func(dir string) bool { return dir == "" })
}

// homes are the folders of files and, where a file is a symlink, as ACME
// clients like them, that of the file it leads to.
func homes(files ...string) []string {
	var dirs []string
	for _, file := range files {
		if file == "" {
			continue
		}
		dirs = append(dirs, filepath.Dir(file))
		if to, err := filepath.EvalSymlinks(file); err == nil {
			dirs = append(dirs, filepath.Dir(to))
		}
	}
	return dirs
}

// TLSOf is how the proxy serves HTTPS; nil where it serves plain HTTP alone: a
// proxy with addresses of its own stands behind another.
func (a App) TLSOf(p Proxy) *TLS {
	if len(p.Listen) > 0 {
		return nil
	}
	return a.Site.TLS
}

// ListenOf is where the proxy listens for plain HTTP.
func (a App) ListenOf(p Proxy) []string {
	if len(p.Listen) > 0 {
		return p.Listen
	}
	return a.Site.Listen
}
