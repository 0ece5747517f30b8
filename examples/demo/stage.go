package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long teal may take to undo what it began when it is told to
// stop; after it, it is killed.
const patience = 45 * time.Second

var errInterrupted = errors.New("interrupted")

// stage is where the story plays: a copy of the application under a name, a
// port and a state root of its own, so that it meets nobody else's.
type stage struct {
	teal string // path of the binary
	dir  string // everything the demo writes
	app  string // the app's name, unique to this run
	addr string // where it is served, host:port
}

// version is one build of the demo application.
type version struct {
	number int
	broken bool
}

func newStage(ctx context.Context, program, source string) (*stage, error) {
	bin, err := filepath.Abs(program)
	if err != nil {
		return nil, fmt.Errorf("find teal: %w", err)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	dir, err := os.MkdirTemp("", "teal-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	s := &stage{teal: bin, dir: dir, app: fmt.Sprintf("demo-%d", os.Getpid()), addr: fmt.Sprintf("127.0.0.1:%d", port)}
	if err := s.furnish(source); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

// furnish copies the application and gives it its name and port.
func (s *stage) furnish(source string) error {
	// nginx's workers are another user and must get through to the state root.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	for _, name := range []string{"Dockerfile", "compose.yaml", "bin"} {
		if err := copyTo(filepath.Join(s.dir, name), filepath.Join(source, name)); err != nil {
			return fmt.Errorf("copy the application (built by make demo-app): %w", err)
		}
	}
	text, err := os.ReadFile(filepath.Join(source, "teal.yaml"))
	if err != nil {
		return fmt.Errorf("copy the application: %w", err)
	}
	config, err := replace(string(text), map[string]string{"app: demo\n": "app: " + s.app + "\n", "127.0.0.1:8080": s.addr})
	if err != nil {
		return fmt.Errorf("fill in teal.yaml: %w", err)
	}
	return os.WriteFile(s.config(), []byte(config), 0o644)
}

// copyTo copies a file or a folder.
func copyTo(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

// replace replaces each text exactly once; one that isn't there is an error,
// since a replacement that matches nothing would go on with the wrong config.
func replace(text string, pairs map[string]string) (string, error) {
	for from, to := range pairs {
		if n := strings.Count(text, from); n != 1 {
			return "", fmt.Errorf("%q stands in it %d times, not once", from, n)
		}
		text = strings.Replace(text, from, to, 1)
	}
	return text, nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *stage) config() string { return filepath.Join(s.dir, "teal.yaml") }
func (s *stage) state() string  { return filepath.Join(s.dir, "state") }

// images is the first part of the demo's image names.
func (s *stage) images() string { return "teal-" + s.app }

// deploy deploys a version and looks whether teal ended as the story wants it
// and the clients are where they should be.
func (s *stage) deploy(ctx context.Context, v version, want int) error {
	if err := s.run(ctx, v, want, "deploy"); err != nil {
		return err
	}
	if want == done {
		return s.serves(ctx, v.number)
	}
	return s.serves(ctx, v.number-1)
}

func (s *stage) rollback(ctx context.Context, to int) error {
	if err := s.run(ctx, version{number: to}, done, "rollback"); err != nil {
		return err
	}
	return s.serves(ctx, to)
}

// run runs teal, its output going to ours, and compares its exit code.
func (s *stage) run(ctx context.Context, v version, want int, args ...string) error {
	cmd := exec.CommandContext(ctx, s.teal, append(args, "--file", s.config())...)
	cmd.Env = append(os.Environ(), "TEAL_STATE_DIR="+s.state(), "DEMO_IMAGES="+s.images(), fmt.Sprintf("DEMO_VERSION=%d", v.number))
	if v.broken {
		cmd.Env = append(cmd.Env, "DEMO_BROKEN=1")
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// A group of its own: a Ctrl-C reaches teal once, through us. Twice would
	// tell it to leave without undoing.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	err := cmd.Run()
	if ctx.Err() != nil {
		return errInterrupted
	}
	if cmd.ProcessState == nil {
		return fmt.Errorf("run teal %s: %w", args[0], err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		return fmt.Errorf("teal %s ended with code %d, not %d", args[0], got, want)
	}
	return nil
}

// serves asks the application itself which version it is.
func (s *stage) serves(ctx context.Context, number int) error {
	page, err := s.get(ctx, "/")
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("<h1>version %d</h1>", number); !strings.Contains(page, want) {
		return fmt.Errorf("clients see %q, not version %d", page, number)
	}
	fmt.Printf("\n  http://%s/ serves version %d\n", s.addr, number)
	return nil
}

func (s *stage) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		return "", fmt.Errorf("ask the app: %w", err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the app: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("ask the app: %w", err)
	}
	return string(body), nil
}
