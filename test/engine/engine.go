//go:build linux

// Package engine runs a Docker engine of a test's own, which the test may
// stop, kill and reboot while the machine's engine goes on. All that it makes
// is told by marks that no other process bears: a folder, a control group, a
// mount namespace and bridges with IDs from its own database, so nothing else
// is ever killed or removed.
//
// It shares the machine's network and adds no firewall rules: the host reaches
// its containers and they answer, but containers don't reach each other where
// the machine's rules drop what is forwarded, which the rules of another
// engine do.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/moby/client"
)

// Options are what engines differ in.
type Options struct {
	LiveRestore bool  // containers outlive the engine's restart
	Disk        int64 // bytes of its disk, which a reboot empties; 0 is the machine's
	Networks    int   // how many networks it has addresses for that name none; 0 is as many as others. It takes LiveRestore
}

// Engine is a Docker engine. Its methods must not be called at the same time.
type Engine struct {
	options Options
	root    string // holds all of its files; its name marks its processes
	place   *place
	daemon  *exec.Cmd // nil while it is down
	ended   chan error
}

// answerWithin bounds its start, endWithin its stop with all its containers.
const (
	answerWithin = 60 * time.Second
	endWithin    = 40 * time.Second
)

// New starts an engine. The caller closes it.
func New(o Options) (*Engine, error) {
	// The name is short: paths of sockets have an end after 107 characters.
	root, err := os.MkdirTemp("", "tt-engine-")
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, root: root}
	if err := e.furnish(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) furnish() error {
	if e.options.Networks > 0 && !e.options.LiveRestore {
		return errors.New("at a restart without live restore such an engine removes docker0, which is the machine's")
	}
	// A file of its own, since the machine's may contradict the arguments.
	settings, err := json.Marshal(map[string]any{"default-address-pools": e.pools()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.path("daemon.json"), settings, 0o644); err != nil {
		return err
	}
	if err := os.Mkdir(e.path("data"), 0o711); err != nil {
		return err
	}
	return e.Start()
}

// pools are where it takes the addresses of networks from that name none: parts
// of what is set aside for carriers (RFC 6598), each for one network.
func (e *Engine) pools() []map[string]any {
	sum := crc32.ChecksumIEEE([]byte(e.root))
	pools := []map[string]any{}
	for n := range e.options.Networks {
		at := netip.AddrFrom4([4]byte{100, 64 + byte(sum>>16&0x3f), byte(sum >> 8), byte(n) * 16})
		pools = append(pools, map[string]any{"base": at.String() + "/28", "size": 28})
	}
	return pools
}

func (e *Engine) path(name string) string { return filepath.Join(e.root, name) }

// Host is what DOCKER_HOST is set to for it.
func (e *Engine) Host() string { return "unix://" + e.path("docker.sock") }

// Client is a client of it.
func (e *Engine) Client() (*client.Client, error) { return client.New(client.WithHost(e.Host())) }

// Root is the folder that holds all of its files.
func (e *Engine) Root() string { return e.root }

// Start starts it and waits until it answers.
func (e *Engine) Start() (err error) {
	if e.daemon != nil {
		return errors.New("the engine runs already")
	}
	if e.place == nil {
		if e.place, err = enter(e.path("data"), e.options.Disk); err != nil {
			return fmt.Errorf("make a mount namespace (tests run as root): %w", err)
		}
	}
	if err := e.launch(); err != nil {
		return err
	}
	if err := e.await(); err != nil {
		return fmt.Errorf("%w\n%s", err, e.Log(4000))
	}
	return nil
}

func (e *Engine) launch() error {
	log, err := os.OpenFile(e.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := addBridge(e.bridge()); err != nil {
		return err
	}
	cmd := exec.Command("dockerd", e.arguments()...)
	cmd.Stdout, cmd.Stderr = log, log
	// It ends with this process, however that ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if err := e.place.do(cmd.Start); err != nil {
		return fmt.Errorf("start dockerd: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	e.daemon, e.ended = cmd, ended
	return nil
}

func (e *Engine) arguments() []string {
	args := []string{
		"--config-file", e.path("daemon.json"), "--data-root", e.path("data"), "--exec-root", e.path("exec"),
		"--pidfile", e.path("pid"), "--host", e.Host(), "--cgroup-parent", e.group(), "--raw-logs",
		"--bridge=" + e.bridge(), "--iptables=false", "--ip-masq=false", "--ip-forward=false", "--userland-proxy=false",
	}
	if e.options.LiveRestore {
		args = append(args, "--live-restore")
	}
	return args
}

// bridge is its default bridge. One of its own: an engine that is to have none,
// or is told where to take addresses from, removes docker0 at its start, which
// is the machine's.
func (e *Engine) bridge() string {
	name := filepath.Base(e.root)
	return "tt" + name[max(len(name)-10, 0):]
}

// await asks until it answers.
func (e *Engine) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	c, err := e.Client()
	if err != nil {
		return err
	}
	defer c.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = answers(ctx, c); err == nil {
			return nil
		}
		select {
		case ended := <-e.ended:
			e.daemon = nil
			return fmt.Errorf("dockerd ended: %w", errors.Join(ended, err))
		case <-ctx.Done():
			return fmt.Errorf("dockerd does not answer within %s: %w", answerWithin, err)
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := c.Ping(ctx, client.PingOptions{})
	return err
}

// Log is the end of what it has told, of at most n bytes.
func (e *Engine) Log(n int) string {
	b, err := os.ReadFile(e.path("log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-n):])
}
