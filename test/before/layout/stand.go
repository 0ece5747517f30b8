package layout

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"teal/internal/witness"
	"teal/test/program"
)

// Stand is a copy of a layout that runs.
type Stand struct {
	Layout
	ID    string // its containers, networks, volumes and images have it in their names
	Root  string // etc/nginx, etc/letsencrypt and var/www are the host's; app is the project
	Port  int    // where clients come
	Plain int    // where plain HTTP comes: Port, but where the site has TLS

	env      []string
	ports    map[string]string // what the layout has as a default → what the copy has
	registry *registry
}

// Env is what commands in the copy have as their environment.
func (s *Stand) Env() []string { return slices.Clone(s.env) }

// Host is the site's name.
func (s *Stand) Host() string { return s.host }

// App is the copy of before/.
func (s *Stand) App() string { return filepath.Join(s.Root, "app") }

// Prepare copies a layout of the examples folder and changes nothing else on
// the machine. End takes the copy away.
func Prepare(examples string, l Layout) (*Stand, error) {
	id := make([]byte, 3)
	rand.Read(id) // never fails (crypto/rand)
	s := &Stand{Layout: l, ID: "tt-" + hex.EncodeToString(id), ports: map[string]string{}}
	var err error
	if s.Root, err = os.MkdirTemp("", "tealtest-before-"); err != nil {
		return nil, err
	}
	if err := s.furnish(filepath.Join(examples, l.Name, "before")); err != nil {
		return nil, errors.Join(err, s.End())
	}
	return s, nil
}

func (s *Stand) furnish(before string) error {
	if err := os.Chmod(s.Root, 0o755); err != nil { // nginx's workers are another user
		return err
	}
	if err := s.choosePorts(); err != nil {
		return err
	}
	if err := s.copy(before); err != nil {
		return err
	}
	if err := s.tools(); err != nil {
		return err
	}
	if err := s.certify(); err != nil {
		return err
	}
	if !s.pulls {
		return nil
	}
	return s.openRegistry()
}

// choosePorts takes free ports, below those that the kernel gives to outgoing
// connections, and tells the compose files and scripts by their variables.
func (s *Stand) choosePorts() error {
	free, err := freePorts(len(s.Layout.ports) + 2)
	if err != nil {
		return err
	}
	plain, secure := free[0], free[1]
	s.Port, s.Plain = plain, plain
	if s.secure {
		s.Port = secure
	}
	s.ports["80"], s.ports["443"] = strconv.Itoa(plain), strconv.Itoa(secure)
	s.env = append(os.Environ(), fmt.Sprintf("HTTP_PORT=%d", plain), fmt.Sprintf("HTTPS_PORT=%d", secure),
		fmt.Sprintf("SUBNET=10.213.%d.0/24", free[0]%250), "COMPOSE_PROJECT_NAME="+s.ID, "VERSION=1", "SLEEP=1",
		"PATH="+filepath.Join(s.Root, "bin")+":"+os.Getenv("PATH"), "DOCKER_CONFIG="+filepath.Join(s.Root, "docker"))
	next := 2
	for name, usual := range s.Layout.ports {
		s.ports[usual] = strconv.Itoa(free[next])
		s.env = append(s.env, name+"="+s.ports[usual])
		next++
	}
	return nil
}

func freePorts(n int) ([]int, error) {
	var ports []int
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	from := make([]byte, 2)
	rand.Read(from)
	for port := 20000 + (int(from[0])<<8|int(from[1]))%11000; len(ports) < n; port++ {
		if port >= 32700 {
			return nil, errors.New("no free ports below 32700")
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			held, ports = append(held, l), append(ports, port)
		}
	}
	return ports, nil
}

// tools puts docker-compose, nginx and sudo on the scripts' PATH.
func (s *Stand) tools() error {
	bin := filepath.Join(s.Root, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	compose, err := composed()
	if err != nil {
		return err
	}
	if err := program.Write(filepath.Join(bin, "docker-compose"), compose); err != nil {
		return err
	}
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		return err
	}
	config := filepath.Join(s.Root, "etc/nginx/nginx.conf")
	for name, text := range map[string]string{
		"nginx": fmt.Sprintf("#!/bin/sh\nexec %s -p %s -c %s -e %s/var/log/nginx/error.log \"$@\"\n", nginx, s.Root, config, s.Root),
		"sudo":  "#!/bin/sh\nexec \"$@\"\n",
	} {
		if err := program.Write(filepath.Join(bin, name), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// composed is the program that stands for docker-compose, built once a process.
var composed = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tealtest-composed-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "docker-compose")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", name, "teal/test/before/composed")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build docker-compose: %w\n%s", err, out)
	}
	return os.ReadFile(name)
})

// Start brings version 1 up as it was brought up once. nginx comes after it: a
// server that refused it once would be left alone for ten seconds, and what
// is lost by that is no fault of a release's.
func (s *Stand) Start(ctx context.Context) error {
	if err := s.Push(ctx, "1"); err != nil {
		return err
	}
	for _, command := range s.start {
		// The first start may have a certificate to make before there is an nginx.
		if err := s.SetUp(ctx, command...); err != nil {
			return err
		}
	}
	for _, port := range s.first {
		if err := s.answers(ctx, "http://127.0.0.1:"+s.ports[port]+"/healthz", "ok", "true"); err != nil {
			return err
		}
	}
	if s.nginx != "" {
		if out, err := s.Run(ctx, nil, filepath.Join(s.Root, "bin/nginx")); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return s.Serves(ctx, "1")
}

// SetUp runs one of the layout's commands, which sleeps for a while and hopes
// that this was enough. Where it wasn't, on a busy machine, the command is
// typed again with a longer sleep, as its owner would.
func (s *Stand) SetUp(ctx context.Context, command ...string) error {
	for sleep := 3; ; sleep *= 2 {
		out, err := s.Run(ctx, []string{fmt.Sprintf("SLEEP=%d", sleep)}, command...)
		if err == nil {
			return nil
		}
		if sleep > 6 {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
}

// Deploy types what is typed for a release.
func (s *Stand) Deploy(ctx context.Context, version string, env ...string) (string, error) {
	if err := s.Push(ctx, version); err != nil {
		return "", err
	}
	return s.Run(ctx, append(env, "VERSION="+version, "TAG="+version), s.deploy...)
}

// Typed is what is typed for a release, as a line of a shell's.
func (s *Stand) Typed(version string) string {
	variable := "VERSION="
	if s.pulls {
		variable = "TAG="
	}
	return variable + version + " " + strings.Join(s.deploy, " ")
}

// Run runs a command in the copy and returns all of its output.
func (s *Stand) Run(ctx context.Context, env []string, command ...string) (string, error) {
	words := strings.Split(strings.ReplaceAll(strings.Join(command, "\x00"), "ID-", s.ID+"-"), "\x00")
	if !filepath.IsAbs(words[0]) {
		folder := s.App()
		if !strings.Contains(words[0], "/") {
			folder = filepath.Join(s.Root, "bin")
		}
		words[0] = filepath.Join(folder, words[0])
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = s.App(), slices.Concat(s.env, env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return string(out), err
}

// Think is how long the layouts' clients wait between an answer and the next
// request, wherever what they lose is told.
const Think = 5 * time.Millisecond

// Load is clients of the site: half read, half post, all on connections that
// they keep and with a moment to think, as browsers and API clients have.
func (s *Stand) Load(connections int, think time.Duration) witness.Load {
	group := func(kind witness.Kind) witness.Group {
		return witness.Group{Kind: kind, Paths: s.paths, Count: connections / 2, Think: think}
	}
	return witness.Load{
		Target: fmt.Sprintf("127.0.0.1:%d", s.Port), TLS: s.secure, Host: s.host,
		Groups: []witness.Group{group(witness.Get), group(witness.Post)},
	}
}
