package conf

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// dump is what nginx -T printed: the files that it opened, each with a header
// before it and one line feed behind.
type dump struct {
	main  string
	files map[string]string
}

const header = "# configuration file "

// headed is the path that a line announces, "" if it announces none.
func headed(line string) string {
	name, ok := strings.CutPrefix(line, header)
	if !ok || !strings.HasPrefix(name, "/") || !strings.HasSuffix(name, ":") {
		return ""
	}
	return path.Clean(strings.TrimSuffix(name, ":"))
}

// split parts the text into its files. nginx prints each file once, so a header
// that comes again is a comment in somebody's file. What stands before the
// first header is nginx's talk.
func split(text string) (*dump, error) {
	d := &dump{files: map[string]string{}}
	current, begin := "", 0
	for at := 0; at < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		name := headed(strings.TrimSuffix(text[at:end], "\n"))
		if _, known := d.files[name]; name != "" && !known {
			d.close(current, text[begin:at])
			current, begin = name, end
			d.files[name] = ""
		}
		at = end
	}
	if current == "" {
		return nil, fmt.Errorf("no line begins with %q: this isn't what nginx -T prints", header+"/")
	}
	d.close(current, text[begin:])
	return d, nil
}

// close keeps a file's text without the line feed that nginx printed behind it.
func (d *dump) close(name, text string) {
	if name == "" {
		return
	}
	if d.main == "" {
		d.main = name
	}
	d.files[name] = strings.TrimSuffix(text, "\n")
}

func (d *dump) read(p string) ([]byte, error) {
	text, ok := d.files[p]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

// has also knows the folders that files stand in.
func (d *dump) has(p string) bool {
	if _, ok := d.files[p]; ok {
		return true
	}
	names, _ := d.list(p)
	return len(names) > 0
}

func (d *dump) list(dir string) ([]string, error) {
	seen := map[string]bool{}
	var names []string
	for p := range d.files {
		rest, inside := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/")
		name, _, _ := strings.Cut(rest, "/")
		if inside && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, nil
}
