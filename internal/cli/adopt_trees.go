package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"teal/internal/adopt"
	"teal/internal/doctor"
	"teal/internal/nginx/conf"
	"teal/internal/release"
	"teal/internal/term"
)

const usualMain = "/etc/nginx/nginx.conf"

// byColor finds a file for each color among those named; own is nil where
// there is no such pair.
func byColor(files []string) (shared []string, own map[release.Color][]string) {
	own = map[release.Color][]string{}
	for _, file := range files {
		color := release.None
		for _, c := range release.Colors {
			if regexp.MustCompile(`(^|[._-])` + string(c) + `[._-]`).MatchString(filepath.Base(file)) {
				color = c
			}
		}
		if color == release.None {
			shared = append(shared, file)
		} else {
			own[color] = append(own[color], file)
		}
	}
	if len(own) < len(release.Colors) {
		return nil, nil
	}
	return shared, own
}

// surveyPair reads each color's files by themselves.
func (g *globals) surveyPair(ctx context.Context, out found, shared []string, own map[release.Color][]string) (found, error) {
	base := release.Survey{}
	var err error
	if len(shared) > 0 {
		if base, err = g.surveyOf(ctx, out.dir, shared); err != nil {
			return out, err
		}
	}
	out.named = relative(out.dir, shared)
	names := map[release.Color][]string{}
	out.own = map[release.Color]release.Survey{}
	for _, c := range release.Colors {
		if out.own[c], err = g.surveyOf(ctx, out.dir, own[c]); err != nil {
			return out, err
		}
		names[c] = relative(out.dir, own[c])
	}
	if base.Project == "" {
		base.Project = out.own[release.Blue].Project
	}
	out.shared = base
	out.survey, out.pair = adopt.NewPair(base, out.own, names)
	return out, nil
}

func relative(dir string, files []string) []string {
	var names []string
	for _, file := range files {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			name = file
		}
		names = append(names, filepath.ToSlash(name))
	}
	return names
}

// machine is what a proposal has to know beside the compose files.
func (g *globals) machine(f found, i initial) (adopt.Machine, error) {
	root, err := g.root()
	if err != nil {
		return adopt.Machine{}, err
	}
	m := adopt.Machine{Nginx: doctor.HostNginx(), Root: root, Addrs: ownAddresses(), Pair: f.pair}
	for _, main := range i.mains {
		n, err := hostTree(main, true)
		if err != nil {
			return m, err
		}
		m.Sites = append(m.Sites, n)
	}
	for _, dump := range i.dumps {
		n, err := g.dumpTree(f, dump)
		if err != nil {
			return m, err
		}
		m.Sites = append(m.Sites, n)
	}
	if len(m.Sites) > 0 || !m.Nginx {
		return m, nil
	}
	n, err := hostTree(usualMain, false)
	if err != nil && (errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), syscall.EACCES.Error())) {
		fmt.Fprintf(g.env.Err, "note: %s; sudo teal init reads it\n", term.Clean(err.Error()))
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m.Sites = []adopt.Nginx{n}
	return m, nil
}

// hostTree reads the files of an nginx of this machine.
func hostTree(main string, asked bool) (adopt.Nginx, error) {
	main, err := filepath.Abs(main)
	if err != nil {
		return adopt.Nginx{}, fmt.Errorf("find nginx's main file: %w", err)
	}
	tree, err := conf.Load(os.DirFS("/"), main)
	if err != nil {
		return adopt.Nginx{}, unreadTree(main, err)
	}
	n := adopt.Nginx{Tree: tree, Proxy: release.Proxy{Kind: release.ProxyHost}, Asked: asked, Real: real}
	if main != usualMain {
		n.Proxy.Config = main
	}
	return n, nil
}

func unreadTree(main string, err error) error {
	return &release.Error{
		Code: release.Invalid, What: "the nginx configuration " + main + " can't be read: " + err.Error(), State: "nothing was written",
		Next: "mend what is named (nginx -t -c " + main + " says when it is), and run teal init again", Err: err,
	}
}

// real is where a file truly is; a path that leads nowhere stays.
func real(path string) string {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		return to
	}
	return path
}

// dumpTree reads what nginx -T printed in a container.
func (g *globals) dumpTree(f found, arg string) (adopt.Nginx, error) {
	name, file, named := strings.Cut(arg, "=")
	if !named {
		name, file = "", arg
	}
	text, err := g.dumped(file)
	if err != nil {
		return adopt.Nginx{}, &release.Error{Code: release.Invalid, What: "can't read the dump: " + err.Error(), State: "nothing was written",
			Next: "docker exec NAME nginx -T > nginx.dump, then teal init --nginx-dump nginx.dump", Err: err}
	}
	tree, err := conf.LoadDump(text)
	if err != nil {
		return adopt.Nginx{}, unreadTree(file, err)
	}
	n := adopt.Nginx{Tree: tree, Asked: true, Real: real}
	n.Proxy, err = boxOf(f.survey, name)
	if s, is := f.survey.Service(n.Proxy.Service); is && err == nil {
		n.Mounts = mountsOf(s, f)
	}
	return n, err
}

func (g *globals) dumped(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(g.env.In)
	}
	return os.ReadFile(file)
}

// boxOf finds the container that a dump is of: the service of the compose
// files that is an nginx, or the one named.
func boxOf(s release.Survey, name string) (release.Proxy, error) {
	var fits []string
	for _, svc := range s.Services {
		if name == svc.Name || name != "" && name == svc.Container || name == "" && strings.Contains(svc.ImageName(), "nginx") || name == "" && svc.ImageName() == "openresty" {
			fits = append(fits, svc.Name)
		}
	}
	switch {
	case len(fits) == 1:
		return release.Proxy{Kind: release.ProxyContainer, Service: fits[0]}, nil
	case name != "":
		return release.Proxy{Kind: release.ProxyContainer, Container: name}, nil
	}
	return release.Proxy{}, &release.Error{
		Code: release.Invalid, What: "which container is the dump of? The compose files have " + orNone(fits) + " with an nginx", State: "nothing was written",
		Next: "name it: teal init --nginx-dump NAME=FILE, or --nginx MAIN for an nginx of this machine",
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "no service"
	}
	return strings.Join(names, ", ")
}

// mountsOf are the folders and files of this machine that the service sees.
func mountsOf(s release.SurveyService, f found) []release.Mount {
	dir := f.dir
	if len(f.survey.Files) > 0 {
		dir = filepath.Dir(f.survey.Files[0])
	}
	var list []release.Mount
	for _, m := range s.Mounts {
		if m.Type != "bind" {
			continue
		}
		source := m.Source
		if !filepath.IsAbs(source) {
			source = filepath.Join(dir, source)
		}
		list = append(list, release.Mount{Source: source, Target: m.Target, ReadOnly: m.ReadOnly})
	}
	return list
}

// ownAddresses are this machine's, which publish ports.
func ownAddresses() []netip.Addr {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range found {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !slices.Contains(list, p.Addr()) {
			list = append(list, p.Addr())
		}
	}
	return list
}
