package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// source finds keys in the compose files, so that a refusal can name file,
// line and column.
type source struct {
	dir   string
	files []sourceFile // in merge order
}

type sourceFile struct {
	path string
	root *yaml.Node
}

// readSource reads the files as they lie on disk. A file that can't be read
// or parsed is left out: compose itself complains about it, in better words.
func readSource(dir string, paths []string) source {
	s := source{dir: dir}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		root := &yaml.Node{}
		if yaml.Unmarshal(content, root) == nil && len(root.Content) == 1 {
			s.files = append(s.files, sourceFile{path: path, root: root.Content[0]})
		}
	}
	return s
}

// find returns the node at the path of keys, in the last file that has it:
// that is the one whose value won. An inherited key (include, extends) is in
// none.
func (s source) find(keys ...string) (*yaml.Node, string) {
	for i := len(s.files) - 1; i >= 0; i-- {
		if key, _ := descend(s.files[i].root, keys); key != nil {
			return key, s.files[i].path
		}
	}
	return nil, ""
}

// value is the scalar at the path of keys, "" if there is none.
func (s source) value(keys ...string) string {
	for i := len(s.files) - 1; i >= 0; i-- {
		if _, v := descend(s.files[i].root, keys); v != nil && v.Kind == yaml.ScalarNode {
			return v.Value
		}
	}
	return ""
}

// at names the place of the longest part of the path that is in a file:
// file:line:column, or just the file.
func (s source) at(keys ...string) string {
	for n := len(keys); n > 0; n-- {
		if node, path := s.find(keys[:n]...); node != nil {
			return fmt.Sprintf("%s:%d:%d", s.name(path), node.Line, node.Column)
		}
	}
	if len(s.files) == 0 {
		return "compose file"
	}
	return s.name(s.files[0].path)
}

// name is the path as a person in the app's folder would type it.
func (s source) name(path string) string {
	if rel, err := filepath.Rel(s.dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

// called is what a message calls the files.
func (s source) called() string {
	names := make([]string, len(s.files))
	for i, f := range s.files {
		names[i] = s.name(f.path)
	}
	if len(names) == 0 {
		return "the compose file"
	}
	return strings.Join(names, ", ")
}

func descend(node *yaml.Node, keys []string) (key, value *yaml.Node) {
	for _, k := range keys {
		key, value = entry(node, k)
		if key == nil {
			return nil, nil
		}
		node = value
	}
	return key, value
}

func entry(node *yaml.Node, key string) (k, v *yaml.Node) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i], node.Content[i+1]
		}
	}
	return nil, nil
}
