package nginx

import (
	"errors"
	"path/filepath"

	"teal/internal/nginx/conf"
)

// directive is one directive of an nginx configuration.
type directive struct {
	name  string
	args  []string
	block []directive
	file  string // where it stands; known of those outside of all blocks of a file
}

// all returns the directives of that name in the list itself.
func all(list []directive, name string) []directive {
	var found []directive
	for _, d := range list {
		if d.name == name {
			found = append(found, d)
		}
	}
	return found
}

// within returns the directives of that name in all blocks of that name.
func within(list []directive, block, name string) []directive {
	var found []directive
	for _, b := range all(list, block) {
		found = append(found, all(b.block, name)...)
	}
	return found
}

// maxIncludes bounds the nesting of include, which may be a circle.
const maxIncludes = 16

// readConf reads an nginx configuration and what it includes. It is lenient:
// whether the configuration is right is asked of nginx -t, and it must be
// readable here when it is not.
func readConf(path string) ([]directive, error) { return view{}.readConf(path) }

// readConf reads it as the nginx that has this view sees it.
func (v view) readConf(path string) ([]directive, error) {
	return (&reader{view: v, home: filepath.Dir(path)}).file(path, 0)
}

type reader struct {
	view
	home string
}

func (r *reader) file(path string, depth int) ([]directive, error) {
	text, err := r.read(path)
	if err != nil {
		return nil, err
	}
	if depth > maxIncludes {
		return nil, errors.New("includes are nested too deep in " + path)
	}
	list := r.block(conf.Glance(path, text).Top, depth)
	for i := range list {
		if list[i].file == "" { // else it came by an include
			list[i].file = path
		}
	}
	return list, nil
}

// block are the directives, what an include brings right behind it.
func (r *reader) block(of []*conf.Directive, depth int) []directive {
	var list []directive
	for _, d := range of {
		one := directive{name: d.Name, args: append([]string(nil), d.Args()...), block: r.block(d.Block, depth)}
		list = append(list, one)
		if d.Name == "include" && !d.HasBlock() {
			list = append(list, r.include(one, depth)...)
		}
	}
	return list
}

// include reads the files in the place of an include directive, as nginx
// does: patterns are relative to the folder of the main file. What can't be
// read is nginx's to report.
func (r *reader) include(d directive, depth int) []directive {
	if len(d.args) != 1 {
		return nil
	}
	var list []directive
	for _, path := range r.glob(under(r.home, d.args[0])) {
		more, err := r.file(path, depth+1)
		if err == nil {
			list = append(list, more...)
		}
	}
	return list
}
