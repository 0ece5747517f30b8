package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names compose looks for, in its order, and those of the file it merges
// in by itself (compose-go v2.15.0, cli/options.go, DefaultFileNames and
// DefaultOverrideFileNames).
var (
	composeNames  = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
	overrideNames = []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}
)

// maxPath is Linux's PATH_MAX, in bytes.
const maxPath = 4096

// readCompose reads {files: …}, or what stands there.
func (d *draft) readCompose(v value) {
	if !v.isMapping() {
		d.readComposeFiles(v)
		return
	}
	if len(v.node.Content) == 0 {
		v.refuse("%s: no files: write it as compose: {files: [compose.yaml]}", v.title())
	}
	v.object(fields{"files": d.readComposeFiles})
}

// readComposeFiles reads a list of files, or one.
func (d *draft) readComposeFiles(v value) {
	if v.is("!!str") {
		d.addCompose(v)
		return
	}
	if !v.isList() {
		v.mistyped("a file or a list of files")
		return
	}
	if len(v.node.Content) == 0 {
		v.refuse("%s: the list is empty: name a compose file or leave compose out", v.title())
	}
	v.items(d.addCompose)
}

func (d *draft) addCompose(v value) {
	if v.is("!!str") && v.node.Value == "" {
		v.refuse("%s: a file needs a name", v.title())
		return
	}
	name := v.plain(maxPath)
	if name == "" {
		return
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(d.app.Dir, name)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.refuse("%s: there is no file %q", v.title(), name)
	case err != nil:
		v.refuse("%s: can't read %q: %v", v.title(), name, err)
	case info.IsDir():
		v.refuse("%s: %q is a folder, not a compose file", v.title(), name)
	}
	d.app.Compose = append(d.app.Compose, filepath.Clean(path))
}

// findCompose finds the files that compose itself would take from the folder.
func (d *draft) findCompose(root value) []string {
	file := d.firstOf(composeNames)
	if file == "" {
		root.refuse("no compose file beside it (%s): add one or name yours, as in compose: {files: [deploy/compose.yaml]}",
			strings.Join(composeNames, ", "))
		return nil
	}
	if override := d.firstOf(overrideNames); override != "" {
		return []string{file, override}
	}
	return []string{file}
}

func (d *draft) firstOf(names []string) string {
	for _, name := range names {
		path := filepath.Join(d.app.Dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}
