package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"teal/internal/release"
	"teal/test/load"
)

// site is the application as a person deploys it: its files in a folder, a
// state root, the binary, Docker.
type site struct {
	teal          string
	root          string // holds the application's folder and the state root
	name          string
	image         string
	plain, secure string // addresses
	version       int
	compose, yaml string // what its files are made of
	replicas      int
	env           []string // beside this process's own
}

const composeText = `services:
  web:
    image: IMAGE
    command: [web]
    environment: {VERSION: "${VERSION:-1}"}
    depends_on: [store]
  store:
    image: IMAGE
    command: [store]
`

const tealText = `app: NAME
services:
  web: {port: 8080, replicas: 2, health: {http: /healthz, timeout: 30s}}
site:
  hosts: [HOST]
  listen: ["PLAIN"]
  tls: {listen: ["SECURE"], cert: site.pem, key: site.key, self_signed: true}
routes:
  - {path: /, to: web, max_body: unlimited}
proxy: standalone
deploy:
  drain: {timeout: TIMEOUT, streams: STREAMS}
  standby: STANDBY
`

// newSite makes the folders; nothing is deployed yet.
func newSite(program, image string) (*site, error) {
	bin, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	root, err := publicFolder()
	if err != nil {
		return nil, err
	}
	s := &site{teal: bin, root: root, name: fmt.Sprintf("proof-%d", os.Getpid()), image: image, compose: composeText, yaml: tealText}
	if s.plain, err = freeAddr(); err != nil {
		return nil, err
	}
	if s.secure, err = freeAddr(); err != nil {
		return nil, err
	}
	return s, os.Mkdir(s.dir(), 0o755)
}

func (s *site) dir() string { return filepath.Join(s.root, "app") }

// policy is what of teal.yaml differs between the parts of the run.
type policy struct {
	timeout, streams time.Duration
	standby          release.Standby
}

func (s *site) configure(p policy) error {
	fill := strings.NewReplacer("NAME", s.name, "HOST", siteHost, "PLAIN", s.plain, "SECURE", s.secure, "IMAGE", s.image,
		"TIMEOUT", p.timeout.String(), "STREAMS", p.streams.String(), "STANDBY", string(p.standby))
	return errors.Join(
		os.WriteFile(filepath.Join(s.dir(), "compose.yaml"), []byte(fill.Replace(s.compose)), 0o644),
		os.WriteFile(filepath.Join(s.dir(), "teal.yaml"), []byte(fill.Replace(s.yaml)), 0o644),
	)
}

// run runs a command of the binary that has to succeed, and returns what it
// told on its last line.
func (s *site) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := s.command(ctx, args...)
	// Interrupted, it undoes what it began.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("teal %s: %w\n%s", strings.Join(args, " "), err, cmd.told())
	}
	return cmd.last(), nil
}

// command is teal with the application's environment, ready to start.
func (s *site) command(ctx context.Context, args ...string) *command {
	c := &command{Cmd: exec.CommandContext(ctx, s.teal, args...)}
	c.Dir = s.dir()
	c.Env = append(append(os.Environ(), "TEAL_STATE_DIR="+s.state(), fmt.Sprintf("VERSION=%d", s.version)), s.env...)
	c.Stdout, c.Stderr = &c.out, &c.err
	return c
}

func (s *site) state() string { return filepath.Join(s.root, "state") }

// command is a command of the binary, with what it has told.
type command struct {
	*exec.Cmd
	out, err bytes.Buffer
}

// told is the end of what it told.
func (c *command) told() string {
	out := c.out.String()
	return out[max(0, len(out)-toldKept):] + c.err.String()
}

const toldKept = 2000

// last is the last line it told.
func (c *command) last() []byte {
	lines := bytes.Split(bytes.TrimSpace(c.out.Bytes()), []byte("\n"))
	return lines[len(lines)-1]
}

// carryOut runs a deploy or a rollback and returns its receipt.
func (s *site) carryOut(ctx context.Context, command string) (release.Receipt, error) {
	last, err := s.run(ctx, command, "--json")
	if err != nil {
		return release.Receipt{}, err
	}
	var event release.Event
	if err := json.Unmarshal(last, &event); err != nil || event.Receipt == nil {
		return release.Receipt{}, fmt.Errorf("teal %s ends with %s, which is no receipt: %w", command, last, err)
	}
	return *event.Receipt, nil
}

func (s *site) deploy(ctx context.Context) (release.Receipt, error) {
	s.version++
	return s.carryOut(ctx, "deploy")
}

func (s *site) load(groups ...load.Group) load.Load {
	return load.Load{Plain: s.plain, Secure: s.secure, Host: siteHost, Groups: groups}
}

// ledger asks the application for its ledger.
func (s *site) ledger(ctx context.Context) (*load.Ledger, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.plain+"/ledger", nil)
	if err != nil {
		return nil, err
	}
	req.Host, req.Close = siteHost, true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read the ledger: %s", res.Status)
	}
	l := load.NewLedger()
	return l, l.Read(res.Body)
}

// close takes the application away.
func (s *site) close(ctx context.Context) error {
	_, down := s.run(ctx, "down", "--volumes", "--yes")
	_, stopped := s.run(ctx, "proxy", "down")
	return errors.Join(down, stopped, os.RemoveAll(s.root))
}
