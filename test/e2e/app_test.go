package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// app is an application under test: its folder, its state root, its port.
type app struct {
	t     *testing.T
	name  string
	dir   string // holds compose.yaml and teal.yaml
	state string // TEAL_STATE_DIR
	port  int
	host  string // Host header of the site, "" for any
	env   []string
	// mounted: its folder in the state root is a container's too
	mounted bool
	// others are commands of a page that aren't teal's, and what stands in for them
	others map[string]func() (stdout string)
	ran    []ran
}

// ran is a command that the test has had teal run.
type ran struct {
	env  []string
	args string
	code int
}

var composeFile = `services:
  web:
    image: ` + image + `
    command: [/web]
    environment:
      VERSION: "${VERSION:-1}"
      BROKEN: "${BROKEN:-}"
  store:
    image: ` + image + `
    command: [/store]
    environment: {LEDGER: /data/ledger}
    volumes: ["data:/data"]
volumes:
  data: {}
`

const tealFile = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}}
site: {listen: ["127.0.0.1:PORT"]}
routes:
  - {path: /, to: web}
proxy: standalone
deploy:
  drain: {timeout: 5s, streams: 5s}
`

// newApp makes an application with one colored service, web, and a shared one,
// store. What it leaves behind at the end of the test is a failure.
func newApp(t *testing.T) *app {
	t.Helper()
	a := bare(t)
	a.write("compose.yaml", composeFile)
	a.config(tealFile)
	return a
}

// bare makes the folders of an application without files.
func bare(t *testing.T) *app {
	t.Helper()
	root, err := os.MkdirTemp("", "tealtest-")
	if err != nil {
		t.Fatal(err)
	}
	// nginx's workers are another user and must reach the state root.
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, name: "tt-" + random(t), dir: filepath.Join(root, "app"), state: filepath.Join(root, "state"), port: freePort(t)}
	if err := os.Mkdir(a.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.end(root) })
	return a
}

// write puts a file into the application's folder.
func (a *app) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o644); err != nil {
		a.t.Fatal(err)
	}
}

// config writes teal.yaml, with NAME and PORT filled in.
func (a *app) config(text string) {
	a.t.Helper()
	a.write("teal.yaml", strings.NewReplacer("NAME", a.name, "PORT", fmt.Sprint(a.port)).Replace(text))
}

// edit replaces one text in teal.yaml by another; it must be there.
func (a *app) edit(file, old, with string) {
	a.t.Helper()
	b, err := os.ReadFile(filepath.Join(a.dir, file))
	if err != nil {
		a.t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		a.t.Fatalf("%s has no %q", file, old)
	}
	a.write(file, strings.Replace(string(b), old, with, 1))
}

// result is what a command came to.
type result struct {
	t      *testing.T
	args   []string
	stdout string
	stderr string
	code   int
}

// command is teal with the application's environment, ready to start.
func (a *app) command(ctx context.Context, binary string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = a.dir
	cmd.Env = append(append(os.Environ(), "TEAL_STATE_DIR="+a.state), a.env...)
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	return cmd
}

// teal runs a command to its end.
func (a *app) teal(args ...string) result {
	a.t.Helper()
	return a.run(built.teal, nil, args...)
}

// must is teal for a command that has to succeed.
func (a *app) must(args ...string) result {
	a.t.Helper()
	r := a.teal(args...)
	if r.code != 0 {
		a.t.Fatalf("%v", r)
	}
	return r
}

// deploy releases the given version.
func (a *app) deploy(version int, args ...string) result {
	a.t.Helper()
	return a.run(built.teal, []string{fmt.Sprintf("VERSION=%d", version)}, append([]string{"deploy"}, args...)...)
}

// mustDeploy is deploy for a version that has to go live.
func (a *app) mustDeploy(version int) result {
	a.t.Helper()
	r := a.deploy(version)
	if r.code != 0 {
		a.t.Fatalf("%v", r)
	}
	return r
}

func (a *app) run(binary string, env []string, args ...string) result {
	a.t.Helper()
	return a.fed("", binary, env, args...)
}

// fed is run with a text on standard input.
func (a *app) fed(stdin, binary string, env []string, args ...string) result {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := a.command(ctx, binary, args...)
	cmd.Env, cmd.Stdin = append(cmd.Env, env...), strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		a.t.Fatalf("teal %v: %v", args, err)
	}
	a.ran = append(a.ran, ran{env, strings.Join(args, " "), cmd.ProcessState.ExitCode()})
	return result{a.t, args, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// String is the whole of a result, for a failure's message.
func (r result) String() string {
	return fmt.Sprintf("teal %s: exit %d\n--- stdout\n%s--- stderr\n%s", strings.Join(r.args, " "), r.code, r.stdout, r.stderr)
}

// fails checks the exit code and that the error tells each of the texts.
func (r result) fails(code int, texts ...string) {
	r.t.Helper()
	if r.code != code {
		r.t.Errorf("want exit %d\n%v", code, r)
		return
	}
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			r.t.Errorf("the error does not tell %q\n%v", text, r)
		}
	}
}

// says checks that standard output tells each of the texts.
func (r result) says(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stdout, text) {
			r.t.Errorf("the output does not tell %q\n%v", text, r)
		}
	}
}

// last decodes the last line of JSON output.
func (r result) last(into any) {
	r.t.Helper()
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), into); err != nil {
		r.t.Fatalf("the last line is not JSON: %v\n%v", err, r)
	}
}

// end takes the application away and fails the test for what it leaves.
func (a *app) end(root string) {
	if a.t.Failed() {
		a.evidence()
	}
	a.env = nil
	if r := a.teal("down", "--volumes", "--yes"); r.code != 0 {
		a.t.Logf("at the end: %v", r)
	}
	if r := a.teal("proxy", "down"); r.code != 0 {
		a.t.Logf("at the end: %v", r)
	}
	for _, left := range a.leftovers() {
		a.t.Errorf("left behind: %s", left)
		a.removeByHand()
	}
	if err := os.RemoveAll(root); err != nil {
		a.t.Errorf("left behind: %v", err)
	}
}

func random(t *testing.T) string {
	b := make([]byte, 4)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// freePort is a port below those that the kernel gives to outgoing connections
// (32768 and up): the loads of other tests can't take it meanwhile.
func freePort(t *testing.T) int {
	for range 100 {
		port := 20000 + mathrand.IntN(12000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port between 20000 and 32000")
	return 0
}
