package nginx

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"teal/internal/release"
)

// Containers is the engine whose containers an nginx may run in.
type Containers interface {
	// Find looks a container up by its name or, where that is "", as the
	// service of the compose project. One that isn't there is the zero Housing
	// and no error.
	Find(ctx context.Context, project, service, name string) (release.Housing, error)
	// Exec runs the argument vector in the container and returns its exit code
	// and what it prints on both outputs.
	Exec(ctx context.Context, id string, argv []string) (code int, output string, err error)
	// Join puts the container into the network as well, unless it is there.
	// The container goes on running.
	Join(ctx context.Context, id, network string) error
	// Tail returns the last lines of the container's output.
	Tail(ctx context.Context, id string, lines int) ([]string, error)
}

// container is one with an nginx in it.
type container struct {
	release.Housing
	engine Containers
	master master     // nginx's, by its ID on this machine; 0 where none runs
	addr   netip.Addr // on the app's network; invalid where it isn't there
}

// container finds an nginx in a container. What it is like is read from the
// files as it sees them, and from how it was started.
func (r *Router) container(ctx context.Context, app release.App, p release.Proxy) (server, error) {
	s := server{proxy: p, place: p.Place(app.Name), name: p.Name()}
	if r.containers == nil {
		return s, &release.Error{Code: release.Unreachable, What: "the " + s.name + " is in a container, and no engine is at hand", Next: "start Docker"}
	}
	found, err := r.containers.Find(ctx, app.Name, p.Service, p.Container)
	if err != nil {
		return s, fmt.Errorf("find the container of the %s: %w", s.name, err)
	}
	s.box = &container{Housing: found, engine: r.containers, addr: found.Addrs[release.NetworkName(app.Name)]}
	if !found.Running {
		return s, nil
	}
	started, ok := s.box.find()
	if !ok {
		return s, nil
	}
	s.program, err = r.asked(found.ID+" "+started.path, started.path, func() ([]byte, error) { return s.box.run(ctx, started.path, "-V") })
	if err != nil {
		return s, err
	}
	return s, s.furnish(app, started)
}

// furnish reads how the container's nginx is set up.
func (s *server) furnish(app release.App, started start) error {
	s.files = view{procPath(int(s.box.master), "root")}
	s.main, s.args = s.program.conf, started.args
	if started.main != "" {
		s.main = under(s.program.prefix, started.main)
	}
	conf, err := s.files.readConf(s.main)
	if err != nil {
		return &release.Error{
			Code: release.Unreachable, What: "the configuration of the " + s.name + " can't be read: " + s.main,
			Next: "run teal as root", Err: err,
		}
	}
	s.learn(conf)
	if s.guest, err = s.siteFile(conf, app); err != nil {
		return err
	}
	s.site = s.box.outside(s.guest)
	s.other = otherSite(s.site, app)
	return nil
}

// start is how an nginx was started, as its title tells.
type start struct {
	path string   // the program
	main string   // -c, "" for the built-in
	args []string // -p and its folder
}

// find looks for nginx's master among the container's processes.
func (c *container) find() (start, bool) {
	for _, pid := range descendants(c.PID) {
		told := title(pid)
		if !strings.HasPrefix(told, titleMaster) {
			continue
		}
		words := strings.Fields(strings.TrimPrefix(told, titleMaster))
		if len(words) == 0 {
			continue
		}
		c.master = master(pid)
		s := start{path: words[0]}
		for i := 1; i+1 < len(words); i++ {
			switch words[i] {
			case "-c":
				s.main = words[i+1]
			case "-p":
				s.args = []string{"-p", words[i+1]}
			}
		}
		return s, true
	}
	return start{}, false
}

// descendants are a process and all that came from it, nearest first.
func descendants(pid int) []int {
	if pid <= 0 {
		return nil
	}
	list := []int{pid}
	for i := 0; i < len(list) && len(list) < 1000; i++ {
		list = append(list, children(list[i])...)
	}
	return list
}

// run runs a program in the container.
func (c *container) run(ctx context.Context, path string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	code, output, err := c.engine.Exec(ctx, c.ID, append([]string{path}, args...))
	if err == nil && code != 0 {
		err = fmt.Errorf("run %s %s in %s: exit status %d", path, strings.Join(args, " "), c.Name, code)
	}
	return []byte(output), err
}

// tail is what the container's nginx said last, nothing if that can't be had.
func (c *container) tail(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lines, err := c.engine.Tail(ctx, c.ID, 100)
	if err != nil {
		return nil
	}
	return lines
}

// outside is where this machine has a path of the container, "" if it has it
// nowhere: then it is in no mount.
func (c *container) outside(inside string) string {
	var best release.Mount
	for _, m := range c.Mounts {
		if covers, _ := filepath.Rel(m.Target, inside); filepath.IsLocal(covers) && len(m.Target) > len(best.Target) {
			best = m
		}
	}
	if best.Source == "" {
		return ""
	}
	rest, err := filepath.Rel(best.Target, inside)
	if err != nil {
		return ""
	}
	return filepath.Join(best.Source, rest)
}

// absent says what is the matter with a container that doesn't run.
func (c *container) absent(p release.Proxy) (detail []string, next string) {
	switch {
	case c.ID == "" && p.Service != "":
		return []string{"service " + p.Service + " has no container"}, "teal deploy, which starts shared services"
	case c.ID == "":
		return []string{"there is no container " + p.Container}, "start it, or correct proxy.container"
	case c.Running:
		return []string{"no process in container " + c.Name + " is nginx's master"}, "see docker logs " + c.Name + "; teal must run on the machine of the Docker engine"
	case p.Service != "":
		return []string{"container " + c.Name + " is stopped"}, "teal deploy, which starts shared services"
	}
	return []string{"container " + c.Name + " is stopped"}, "docker start " + c.Name
}

// owned reports whether teal makes this nginx run.
func (s server) owned() bool {
	return s.proxy.Kind == release.ProxyStandalone || s.proxy.Service != ""
}
