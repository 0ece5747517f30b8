// Package config reads teal.yaml into a release.App. Its invariant: an App it
// returns is complete and every string in it that can reach nginx, Docker or
// a path was parsed by an alphabet first, so no other room validates or
// quotes; but for the values of RouteOptions.Headers, which must stand in double
// quotes and need nothing escaped there. The strings that keep the user's own
// text are Dir, File, Compose and Own (paths of this machine), Health.Body (only
// compared), Health.Command and Command.Argv (argument vectors): none of them
// may be rendered into nginx's config.
//
// What teal.yaml may hold is written down once, in tables of keys: Load reads
// by them, Schema and the reference in docs/configuration.md are made of them.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"teal/internal/release"
)

// maxFile bounds the text of teal.yaml, in bytes: what a person writes is a
// hundredth of it, and a file of gigabytes must not fill memory.
const maxFile = 1 << 20

// names are what the file may be called, the usual one first.
var names = []string{"teal.yaml", "teal.yml"}

// sample is the shortest teal.yaml that works, shown where there is none.
var sample = []string{
	"app: voda",
	"services:",
	"  web: {port: 8080, health: {http: /healthz}}",
	"site: {hosts: [voda.example]}",
	"routes:",
	"  - {path: /, to: web}",
}

// Find returns the path of the teal.yaml (or teal.yml) in dir. Without one, or
// with both, it fails with a *release.Error with code Invalid.
func Find(dir string) (string, error) {
	var found []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			found = append(found, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", unreadable(path, err)
		}
	}
	switch len(found) {
	case 0:
		return "", absent(filepath.Join(dir, names[0]))
	case 1:
		return found[0], nil
	}
	return "", &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("both %s lie here, and they may differ", strings.Join(found, " and ")),
		Next: "keep one of them, then run teal plan",
	}
}

// Load reads teal.yaml. All that is wrong with it is told at once, in the
// order of the file: a *release.Error with code Invalid whose What is the
// first problem as file:line:column: message and whose Detail has the others.
func Load(path string) (release.App, error) {
	file, err := filepath.Abs(path)
	if err != nil {
		return release.App{}, fmt.Errorf("find %s: %w", path, err)
	}
	text, err := read(file)
	if err != nil {
		return release.App{}, err
	}
	out := &report{file: shown(file)}
	d := newDraft(release.App{File: file, Dir: filepath.Dir(file)})
	if root, ok := parse(text, out); ok {
		d.read(root)
	}
	if err := out.err(); err != nil {
		return release.App{}, err
	}
	return d.app, nil
}

func read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, absent(file)
	}
	if err != nil {
		return nil, unreadable(file, err)
	}
	if !info.Mode().IsRegular() {
		return nil, unreadable(file, errors.New("not a file"))
	}
	if info.Size() > maxFile {
		return nil, unreadable(file, fmt.Errorf("%d bytes are too many, the limit is %d", info.Size(), maxFile))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	return text, nil
}

func absent(path string) error {
	return &release.Error{
		Code:   release.Invalid,
		What:   fmt.Sprintf("no %s in %s", filepath.Base(path), filepath.Dir(path)),
		Detail: sample,
		Next:   "write " + filepath.Base(path) + " as above, then run teal plan",
		Err:    fs.ErrNotExist,
	}
}

func unreadable(path string, err error) error {
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("can't read %s: %v", path, err),
		Next: "make " + filepath.Base(path) + " a file that you may read, then run teal plan",
		Err:  err,
	}
}

// shown is the path as messages give it: relative where the file lies below
// the working directory, so that an editor opens what the terminal shows.
func shown(file string) string {
	dir, err := os.Getwd()
	if err != nil {
		return file
	}
	rel, err := filepath.Rel(dir, file)
	if err != nil || !filepath.IsLocal(rel) {
		return file
	}
	return rel
}
