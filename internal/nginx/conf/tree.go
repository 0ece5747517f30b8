package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// most is how many directives a tree may hold once includes are followed: two
// files that name each other's folder twice would fill the memory otherwise.
const most = 500_000

// Tree is a configuration with its includes followed.
type Tree struct {
	Main  *File
	Files []*File // each once, in the order nginx opens them
	Top   []*Node

	shelf  shelf
	byPath map[string]*File
	count  int
}

// Node is a directive at one place of the tree. A directive of a file that is
// included twice has two nodes.
type Node struct {
	*Directive
	Up   *Node        // the block it stands in, across files; nil at the top
	Via  []*Directive // the includes that lead to its file, outermost first
	Kids []*Node      // what stands in its block, that of includes right behind the include
}

// Load reads main, an absolute path, and all that it includes. The root of
// fsys is "/": os.DirFS("/"). It fails with an *Error where nginx would refuse
// to read on, and with that of fsys where main can't be read.
func Load(fsys fs.FS, main string) (*Tree, error) {
	main = path.Clean("/" + main)
	return load(disk{fsys}, main)
}

// LoadDump reads what nginx -T printed.
func LoadDump(text []byte) (*Tree, error) {
	d, err := split(string(text))
	if err != nil {
		return nil, err
	}
	return load(d, d.main)
}

func load(s shelf, main string) (*Tree, error) {
	t := &Tree{shelf: s, byPath: map[string]*File{}}
	file, err := t.open(main)
	if err != nil {
		return nil, err
	}
	t.Main = file
	t.Top, err = t.grow(file.Top, nil, nil)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// open reads and parses a file, once.
func (t *Tree) open(p string) (*File, error) {
	if f, known := t.byPath[p]; known {
		return f, nil
	}
	src, err := t.shelf.read(p)
	if err != nil {
		return nil, err
	}
	f, err := Parse(p, src)
	if err != nil {
		return nil, err
	}
	t.byPath[p] = f
	t.Files = append(t.Files, f)
	return f, nil
}

// grow makes nodes out of directives, those of includes in their place.
func (t *Tree) grow(of []*Directive, up *Node, via []*Directive) ([]*Node, error) {
	var nodes []*Node
	for _, d := range of {
		if t.count++; t.count > most {
			return nil, chained(d.fault("more than %d directives once includes are followed", most), via)
		}
		n := &Node{Directive: d, Up: up, Via: via}
		nodes = append(nodes, n)
		more, err := t.within(n)
		if err != nil {
			return nil, err
		}
		if d.HasBlock() {
			n.Kids = more
		} else {
			nodes = append(nodes, more...)
		}
	}
	return nodes, nil
}

// within is what an include brings or a block holds.
func (t *Tree) within(n *Node) ([]*Node, error) {
	inEntries := n.Up != nil && entries[n.Up.Name]
	if err := allowed(n, inEntries); err != nil {
		return nil, chained(err, n.Via)
	}
	if n.Name == "include" && n.follows() {
		return t.include(n)
	}
	return t.grow(n.Block, n, n.Via)
}

// allowed refuses what parses and yet is no directive to nginx.
func allowed(n *Node, inEntries bool) *Error {
	switch {
	case inEntries && n.HasBlock():
		return n.fault(`unexpected "{": %s takes entries alone`, n.Up.Name)
	case n.Name == "include" && n.HasBlock():
		return n.fault(`include takes no block: is the ";" before it missing`)
	case !inEntries && strings.HasPrefix(n.Name, "\ufeff"):
		return n.fault("the file begins with a byte order mark, which nginx takes for a part of the first directive")
	}
	return nil
}

// follows reports whether nginx follows an include here: among the entries of
// split_clients and charset_map it is an entry.
func (n *Node) follows() bool {
	return n.Up == nil || n.Up.Name != "split_clients" && n.Up.Name != "charset_map"
}

func (t *Tree) include(n *Node) ([]*Node, error) {
	if len(n.Words) != 2 {
		return nil, chained(n.fault("include takes one file or pattern, not %d", len(n.Words)-1), n.Via)
	}
	paths, err := t.included(n.Arg(0))
	if err != nil {
		return nil, chained(n.fault("include %q: %s", n.Arg(0), cause(err)), n.Via)
	}
	via := append(slices.Clip(n.Via), n.Directive)
	var nodes []*Node
	for _, p := range paths {
		more, err := t.follow(p, n, via)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, more...)
	}
	return nodes, nil
}

// included are the files that an include names, relative to the main file's
// folder. A pattern may mean none; a name always means one.
func (t *Tree) included(name string) ([]string, error) {
	full := name
	if !strings.HasPrefix(full, "/") {
		full = path.Join(path.Dir(t.main()), full)
	}
	if !wild(full) {
		return []string{path.Clean(full)}, nil
	}
	return glob(t.shelf, full)
}

func (t *Tree) main() string { return t.Files[0].Path }

func (t *Tree) follow(p string, n *Node, via []*Directive) ([]*Node, error) {
	for _, open := range via {
		if open.File.Path == p {
			return nil, chained(n.fault("include goes in a circle: %s", circle(via, p)), n.Via)
		}
	}
	f, err := t.open(p)
	if own, ok := errors.AsType[*Error](err); ok {
		return nil, chained(own, via)
	}
	if err != nil {
		return nil, chained(n.fault("include %q: %s: %s", n.Arg(0), p, cause(err)), n.Via)
	}
	return t.grow(f.Top, n.Up, via)
}

// circle tells the way around: from the file that is met again back to it.
func circle(via []*Directive, again string) string {
	begin := slices.IndexFunc(via, func(d *Directive) bool { return d.File.Path == again })
	var b strings.Builder
	for _, d := range via[begin:] {
		fmt.Fprintf(&b, "%s → ", d.Place())
	}
	return b.String() + again
}

func chained(e *Error, via []*Directive) *Error {
	for _, d := range via {
		e.Via = append(e.Via, d.Place())
	}
	return e
}

// cause is an error of the file system without the path, which is told beside
// it.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
