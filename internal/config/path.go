package config

import (
	"path/filepath"
	"regexp"
)

// maxPath is Linux's PATH_MAX, in bytes.
const maxPath = 4096

var (
	// fileForm is an absolute path that nginx and its master process are
	// given.
	fileForm = regexp.MustCompile(`^/[a-zA-Z0-9._/+-]+$`)

	// besideForm is such a path, or one that starts at teal.yaml's folder.
	besideForm = regexp.MustCompile(`^[a-zA-Z0-9._/+-]+$`)
)

// absolute is an absolute path in an alphabet that nginx's config can hold.
func absolute() kind[string] {
	k := matched("absolute path", fileForm, "an absolute path of letters, digits and - . _ + /")
	match := k.read
	k.read = func(v value) string { return cleaned(v, match(v)) }
	return k
}

// beside is a path that starts at dir, the folder of teal.yaml, if it isn't
// absolute. Whether something is there is the doctor's question.
func beside(dir string) kind[string] {
	k := matched("path", besideForm, "a path of letters, digits and - . _ + /")
	match := k.read
	k.read = func(v value) string {
		path := match(v)
		if path == "" || filepath.IsAbs(path) {
			return cleaned(v, path)
		}
		return cleaned(v, filepath.Join(dir, path))
	}
	return k
}

// cleaned refuses a whole path that nginx's config can't hold: dir may be
// any folder of this machine.
func cleaned(v value, path string) string {
	if path == "" {
		return ""
	}
	path = filepath.Clean(path)
	if !fileForm.MatchString(path) {
		v.refuse("%s: the path is %q, which nginx's config can't hold: use a folder of letters, digits and - . _ + /", v.title(), path)
		return ""
	}
	if len(path) >= maxPath {
		v.refuse("%s: %d bytes are too many", v.title(), len(path))
		return ""
	}
	return path
}
