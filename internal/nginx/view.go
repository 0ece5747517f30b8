package nginx

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// view is the files of this machine as an nginx sees them: all of them, or
// those below the root of a container's process. There a symlink that leads
// to an absolute path is not followed, since it would lead out.
type view struct{ root string } // "" is this machine's own

// within does something with the root; paths there are without their first
// slash.
func (v view) within(do func(*os.Root) error) error {
	root, err := os.OpenRoot(v.root)
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}

func rel(path string) string {
	path = strings.TrimPrefix(filepath.Clean(path), "/")
	if path == "" {
		return "."
	}
	return path
}

func (v view) read(path string) (text []byte, err error) {
	if v.root == "" {
		return os.ReadFile(path)
	}
	err = v.within(func(root *os.Root) error {
		text, err = root.ReadFile(rel(path))
		return err
	})
	return text, err
}

func (v view) stat(path string) (info os.FileInfo, err error) {
	if v.root == "" {
		return os.Stat(path)
	}
	err = v.within(func(root *os.Root) error {
		info, err = root.Stat(rel(path))
		return err
	})
	return info, err
}

// glob lists the files that nginx would include: its pattern, too, leaves out
// names with a dot before them.
func (v view) glob(pattern string) []string {
	var found []string
	if v.root == "" {
		found, _ = filepath.Glob(pattern)
	} else {
		_ = v.within(func(root *os.Root) error {
			names, err := fs.Glob(root.FS(), rel(pattern))
			for _, name := range names {
				found = append(found, "/"+name)
			}
			return err
		})
	}
	var list []string
	for _, path := range found {
		hidden := strings.HasPrefix(filepath.Base(path), ".")
		if !hidden || strings.HasPrefix(filepath.Base(pattern), ".") {
			list = append(list, path)
		}
	}
	return list
}

func (v view) isFolder(path string) bool {
	info, err := v.stat(path)
	return err == nil && info.IsDir()
}

func (v view) remains(path string) bool {
	_, err := v.stat(path)
	return err == nil
}

// write puts a file of ours there that is for nginx's master alone.
func (v view) write(path string, text []byte) error {
	if v.root == "" {
		return os.WriteFile(path, text, 0o600)
	}
	return v.within(func(root *os.Root) error { return root.WriteFile(rel(path), text, 0o600) })
}

// remove takes it away again.
func (v view) remove(path string) error {
	if v.root == "" {
		return os.Remove(path)
	}
	return v.within(func(root *os.Root) error { return root.Remove(rel(path)) })
}
