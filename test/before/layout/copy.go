package layout

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// copy makes the project's folder and, where nginx is on the host, the host's.
func (s *Stand) copy(before string) error {
	for _, dir := range []string{"var/log/nginx", "var/www", "var/temp", "run", "docker"} {
		if err := os.MkdirAll(filepath.Join(s.Root, dir), 0o755); err != nil {
			return err
		}
	}
	if err := tree(before, s.App(), s.project); err != nil {
		return err
	}
	if err := s.found(); err != nil {
		return err
	}
	if s.nginx == "" {
		return nil
	}
	etc := filepath.Join(s.Root, "etc/nginx")
	if err := tree(filepath.Join(before, s.nginx), etc, s.hosts); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(etc, "mime.types"), []byte(mimeTypes), 0o644); err != nil {
		return err
	}
	if err := s.apart(etc); err != nil {
		return err
	}
	www := filepath.Join(before, "www")
	if _, err := os.Stat(www); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return tree(www, filepath.Join(s.Root, "var/www"), func(_, text string) string { return text })
}

// apart gives the copy's nginx places of its own for bodies and answers that
// don't fit into memory. Those that are compiled in belong to the user of
// whichever nginx of the machine was started, or only tested, last.
func (s *Stand) apart(etc string) error {
	var text strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&text, "%s_temp_path %s/var/temp/%[1]s;\n", kind, s.Root)
	}
	if err := os.MkdirAll(filepath.Join(etc, "conf.d"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(etc, "conf.d/temp.conf"), []byte(text.String()), 0o644)
}

const mimeTypes = "types {\n    text/html html;\n    text/css css;\n    text/plain txt;\n    application/javascript js;\n}\n"

// tree copies a folder; change is given each file's name and text.
func tree(from, to string, change func(name, text string) string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), []byte(change(name, string(text))), info.Mode().Perm())
	})
}

// project gives what the project names the copy's id, and leads scripts to the
// copy's /etc/nginx. Containers have a /etc/nginx of their own.
//
// A copy's images have no steps in common with another's: who removes an image
// removes its steps, also from under a build that has just found them.
func (s *Stand) project(name, text string) string {
	if filepath.Base(name) == "Dockerfile" {
		return fromLine.ReplaceAllString(text, "${0}LABEL teal.copy="+s.ID+"\n")
	}
	if !slices.Contains([]string{".yml", ".sh", ".inc", ".conf"}, filepath.Ext(name)) {
		return text
	}
	for _, r := range s.rename {
		text = strings.ReplaceAll(text, r[0], strings.ReplaceAll(r[1], "ID", s.ID))
	}
	if filepath.Ext(name) == ".sh" && s.nginx != "" {
		text = s.moved(text)
	}
	return text
}

var fromLine = regexp.MustCompile(`(?m)^FROM .*\n`)

// found makes sure that each text which was to be renamed was there: a layout
// that changed would run under names that others have too.
func (s *Stand) found() error {
	var all strings.Builder
	err := filepath.WalkDir(s.App(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range s.rename {
		if !strings.Contains(all.String(), strings.ReplaceAll(r[1], "ID", s.ID)) {
			return fmt.Errorf("%s has no %q any more", s.Name, r[0])
		}
	}
	return nil
}

// hosts leads the host's nginx to the copy's folders and ports. nginx knows no
// variables there, so the numbers themselves are replaced.
func (s *Stand) hosts(_, text string) string {
	return number.ReplaceAllStringFunc(s.moved(text), func(n string) string {
		if port, ok := s.ports[n]; ok {
			return port
		}
		return n
	})
}

var number = regexp.MustCompile(`\b[0-9]+\b`)

func (s *Stand) moved(text string) string {
	for _, folder := range []string{"/etc/nginx", "/etc/letsencrypt", "/var/www", "/var/log/nginx", "/run/"} {
		text = strings.ReplaceAll(text, folder, s.Root+folder)
	}
	return text
}

// Original gives a text of the copy's the folders, ports and names that whoever
// has the layout sees.
func (s *Stand) Original(text string) string {
	text = strings.ReplaceAll(text, s.Root+"/state", "/var/lib/teal")
	text = strings.ReplaceAll(text, s.Root, "")
	text = number.ReplaceAllStringFunc(text, func(n string) string {
		for usual, port := range s.ports {
			if n == port {
				return usual
			}
		}
		return n
	})
	names := [][2]string{{s.ID, cmp.Or(s.called, s.Name)}}
	for _, r := range s.rename {
		names = append([][2]string{{strings.ReplaceAll(r[1], "ID", s.ID), r[0]}}, names...)
	}
	for _, n := range names { // the project's after those that have it in them
		text = strings.ReplaceAll(text, n[0], n[1])
		text = strings.ReplaceAll(text, variable(n[0]), variable(n[1])) // as in nginx's variables
	}
	return text
}

func variable(name string) string { return strings.ReplaceAll(name, "-", "_") }
