package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/release"
)

// The names compose looks for, in its order, and those of the file it merges
// in by itself (compose-go v2.15.0, cli/options.go, DefaultFileNames and
// DefaultOverrideFileNames).
var (
	composeNames  = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
	overrideNames = []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}
)

func (d *draft) composeKey() key {
	return custom("compose", d.composeSchema, d.readCompose, "The compose files: one set that teal colors, or each color's own.").
		usually("the files that compose itself finds in teal.yaml's folder")
}

func (d *draft) composeSchema() schema {
	sets := mapping(d.composeKeys())
	sets.Type, sets.MinKeys = "object", 1
	return either("file, list of files, or a mapping", composeFileSchema(), filled(composeFileSchema()), sets)
}

// composeKeys are the two ways to name files: one set that is colored, or a
// set for each color and one for what they share.
func (d *draft) composeKeys() []key {
	keys := []key{
		d.filesKey("files", "The files that are merged, in order, and colored.", func(files []string) { d.app.Compose = files }),
		d.filesKey("shared", "With `blue` and `green`: the files of the shared services alone.", func(files []string) { d.app.Compose = files }),
	}
	for _, c := range release.Colors {
		keys = append(keys, d.filesKey(string(c), "The "+string(c)+" color's own files, used as they are, with their ports and their service names.",
			func(files []string) {
				if d.app.Own == nil {
					d.app.Own = map[release.Color][]string{}
				}
				d.app.Own[c] = files
			}))
	}
	return keys
}

func (d *draft) filesKey(name, about string, keep func([]string)) key {
	s := func() schema {
		return either("file or list of files", composeFileSchema(), filled(composeFileSchema()))
	}
	return custom(name, s, func(v value) { keep(d.readComposeFiles(v)) }, about)
}

func composeFileSchema() schema {
	return schema{Title: "file", Type: "string", MinLength: 1, MaxLength: maxPath}
}

// readCompose reads {files: …}, {shared, blue, green}, or files alone.
func (d *draft) readCompose(v value) {
	if !v.isMapping() {
		d.app.Compose = d.readComposeFiles(v)
		return
	}
	if len(v.node.Content) == 0 {
		v.refuse("%s: no files: write it as compose: {files: [compose.yaml]}", v.title())
	}
	v.object(d.composeKeys())
	d.checkPair(v)
}

// checkPair refuses half a pair, and a pair beside one set of files.
func (d *draft) checkPair(v value) {
	if v.has("files") {
		for _, key := range []string{"shared", "blue", "green"} {
			if one := v.entry(key); one.written() {
				one.refuse("%s: beside files, which are for both colors: keep files, or shared, blue and green", one.title())
			}
		}
		return
	}
	for _, c := range release.Colors {
		if (v.has("shared") || v.has(string(c.Other()))) && !v.has(string(c)) {
			v.refuse("%s: no files for %s: write it as {shared: [compose.yaml], blue: [blue.yaml], green: [green.yaml]}", v.title(), c)
			return
		}
	}
	if blue := d.app.Own[release.Blue]; len(blue) > 0 && slices.Equal(blue, d.app.Own[release.Green]) {
		v.refuse("%s: blue and green are the same files: write files, and teal colors them", v.title())
	}
}

// readComposeFiles reads a list of files, or one.
func (d *draft) readComposeFiles(v value) []string {
	if v.is("!!str") {
		return d.readComposeFile(v, nil)
	}
	if !v.isList() {
		v.mistyped("a file or a list of files")
		return nil
	}
	if len(v.node.Content) == 0 {
		v.refuse("%s: the list is empty: name a compose file or leave compose out", v.title())
	}
	var files []string
	v.items(func(v value) { files = d.readComposeFile(v, files) })
	return files
}

// readComposeFile adds a file to those before it.
func (d *draft) readComposeFile(v value, files []string) []string {
	if v.is("!!str") && v.node.Value == "" {
		v.refuse("%s: a file needs a name", v.title())
		return files
	}
	name := v.plain(maxPath)
	if name == "" {
		return files
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
	return append(files, filepath.Clean(path))
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
