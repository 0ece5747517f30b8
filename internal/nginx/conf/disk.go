package conf

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// shelf is where configuration files stand: a file system, or the text that
// nginx -T printed. Paths are absolute and clean.
type shelf interface {
	read(path string) ([]byte, error)
	list(dir string) ([]string, error) // names, none of a folder that isn't there
	has(path string) bool
}

// disk is a file system whose root is "/".
type disk struct{ fsys fs.FS }

func (d disk) name(p string) string {
	if p == "/" {
		return "."
	}
	return strings.TrimPrefix(p, "/")
}

func (d disk) read(p string) ([]byte, error) { return fs.ReadFile(d.fsys, d.name(p)) }

func (d disk) has(p string) bool {
	_, err := fs.Stat(d.fsys, d.name(p))
	return err == nil
}

func (d disk) list(dir string) ([]string, error) {
	found, err := fs.ReadDir(d.fsys, d.name(dir))
	info, gone := fs.Stat(d.fsys, d.name(dir))
	if errors.Is(err, fs.ErrNotExist) || gone == nil && !info.IsDir() {
		return nil, nil
	}
	names := make([]string, 0, len(found))
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return names, err
}

// glob finds the paths that an include's pattern means, by the rules of the C
// library: sorted by bytes, a leading dot only where the pattern writes it.
func glob(s shelf, pattern string) ([]string, error) {
	paths := []string{"/"}
	for part := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		var next []string
		for _, dir := range paths {
			found, err := matches(s, dir, part)
			if err != nil {
				return nil, err
			}
			next = append(next, found...)
		}
		paths = next
	}
	slices.Sort(paths)
	return paths, nil
}

// matches are the paths right in dir whose name matches the part.
func matches(s shelf, dir, part string) ([]string, error) {
	if !wild(part) {
		if p := path.Join(dir, part); s.has(p) {
			return []string{p}, nil
		}
		return nil, nil
	}
	names, err := s.list(dir)
	var found []string
	for _, name := range names {
		if match(part, name) {
			found = append(found, path.Join(dir, name))
		}
	}
	return found, err
}

// wild reports whether nginx takes an include's name for a pattern.
func wild(name string) bool { return strings.ContainsAny(name, "*?[") }

// match is fnmatch for one name. A bracket without an end is itself.
func match(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok || err != nil && pattern == name
}
