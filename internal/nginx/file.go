package nginx

import (
	"bytes"
	"os"
	"path/filepath"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// file is a file as it is, or shall be. No text at all means that there is
// none.
type file struct {
	path string
	text []byte
	mode os.FileMode
}

// files are those that bring the app into the nginx: its configuration, which
// holds the control token and is for nginx's master alone, and where the app
// is a guest the file that includes it.
func (r *Router) files(s server, app string, out render.Output) []file {
	conf := r.conf(app, s.place)
	list := []file{{conf, out.Text, 0o600}}
	if out.Server != nil {
		list = append(list, r.includes(s, app, out)...)
	}
	if s.site == "" {
		return list
	}
	// As a pattern: nginx passes over one that matches nothing, so the loss
	// of the state root can't keep the whole machine's nginx from starting.
	pattern := conf[:len(conf)-1] + "[" + conf[len(conf)-1:] + "]"
	text := "# Written by teal for the app " + app + ": teal down takes it away.\ninclude " + pattern + ";\n"
	return append(list, file{s.site, []byte(text), 0o644}, file{s.other, nil, 0o644})
}

// written reports whether the files are as they shall be.
func (r *Router) written(s server, app string, out render.Output) bool {
	for _, f := range r.files(s, app, out) {
		text, err := os.ReadFile(f.path)
		if f.text == nil && err != nil {
			continue
		}
		if err != nil || !bytes.Equal(text, f.text) {
			return false
		}
	}
	return true
}

// remember returns the files as they are now.
func remember(list []file) []file {
	var now []file
	for _, f := range list {
		text, err := os.ReadFile(f.path)
		if err != nil {
			text = nil
		}
		now = append(now, file{f.path, text, f.mode})
	}
	return now
}

// write makes the files so, each at once or not at all.
func write(list []file) error {
	for _, f := range list {
		if err := f.write(); err != nil {
			return err
		}
	}
	return nil
}

func (f file) write() error {
	if f.text == nil {
		return lift(f.path)
	}
	// Beside other people's files the draft must not match their include, and
	// the rename must stay on one file system: a name with a dot before it.
	if err := replace(f.path, f.text, f.mode); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.path))
}

// includes are the files that server blocks of an adopted site include. Each
// holds the control token.
func (r *Router) includes(s server, app string, out render.Output) []file {
	return []file{
		{release.Include(r.root, app, s.place), out.Server, 0o600},
		{release.IncludeBeside(r.root, app, s.place), out.Beside, 0o600},
	}
}
