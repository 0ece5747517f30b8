package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// follow starts the command and reads its lines.
func (b *begun) follow() {
	b.t.Helper()
	b.cmd.Stderr = b.err
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.lines = bufio.NewScanner(out)
	b.lines.Buffer(nil, 1<<20)
}

func TestScenarioAWorkstationDeploysToAHostOverSSH(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	r := a.must(s.over(a, "--env", "VERSION=1", "deploy", "--json")...)
	var last struct{ Type string }
	if r.last(&last); last.Type != "receipt" {
		t.Errorf("the last line is a %s\n%v", last.Type, r)
	}
	a.serves(1)
	a.env = append(a.env, "VERSION=2")
	a.must(s.over(a, "deploy", "--env", "VERSION")...).says("release 2 is out in place of release 1")
	a.serves(2)
	a.must(s.over(a, "rollback")...)
	a.serves(1)
	a.must(s.over(a, "logs", "web", "--tail", "1")...)
}

func TestScenarioExitCodesAndErrorsComeBackOverSSH(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	a.teal(s.over(a, "rollback")...).fails(2, "nothing to roll back", "next:")
	a.teal(s.over(a, "deplyo")...).fails(2, "unknown command \"deplyo\"")
	a.teal(s.over(a, "down")...).fails(2, "not agreed to")
	a.teal(s.over(a, "--env", "BROKEN=1", "deploy")...).fails(3, "next:")
	a.edit("teal.yaml", "port: 8080", "prot: 8080")
	a.teal(s.over(a, "plan")...).fails(2, "unknown key \"prot\"")
	a.edit("teal.yaml", "prot: 8080", "port: 8080")
}

// Without a terminal ssh hands on no signal: the other teal hears of it by its
// standard input.
func TestScenarioCtrlCOverSSHIsUndoneThere(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	a.mustDeploy(1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b := s.begin(ctx, a, "VERSION=2", "BROKEN=1")
	// Ctrl-C in a shell, with the output in a pipe: every process gets it.
	if err := syscall.Kill(-b.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	code, last := b.end()
	if code != 130 || !strings.Contains(last, `"type":"receipt"`) || !strings.Contains(b.err.String(), "interrupted") {
		t.Errorf("exit %d, last line %s\n%s", code, last, b.err)
	}
	a.undone()
}

// undone checks that version 1 serves as before and that nothing holds the
// lock.
func (a *app) undone() {
	a.t.Helper()
	a.until("the deploy is undone", 30*time.Second, func() bool {
		v := a.status()
		return v.Deploy == nil && v.Colors["green"].State == "empty"
	})
	a.serves(1)
	a.mustDeploy(3)
	a.serves(3)
}

func TestScenarioALostConnectionUndoesTheDeploy(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	a.mustDeploy(1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b := s.begin(ctx, a, "VERSION=2", "BROKEN=1")
	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.end()
	a.undone()
}

func TestScenarioCtrlCOnATerminalOverSSHIsUndoneThere(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	a.mustDeploy(1)
	a.edit("compose.yaml", "${BROKEN:-}", "1")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	terminal := newTerminal(t)
	cmd := a.command(ctx, built.teal, s.over(a, "deploy")...)
	terminal.give(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.until("the gate is reached", time.Minute, func() bool { return strings.Contains(terminal.String(), "healthy") })
	terminal.types("\x03")
	err := cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit %d %v\n%s", code, err, terminal)
	}
	// What was written last may still be on its way to the screen.
	a.until("it is said", 10*time.Second, func() bool { return strings.Contains(terminal.String(), "interrupted") })
	a.write("compose.yaml", composeFile)
	a.undone()
}

// A terminal's questions are asked and answered on the other side.
func TestScenarioAQuestionIsAnsweredOverSSH(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	a.mustDeploy(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	terminal := newTerminal(t)
	cmd := a.command(ctx, built.teal, s.over(a, "down")...)
	terminal.give(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.until("it asks", time.Minute, func() bool { return strings.Contains(terminal.String(), "[y/N]") })
	terminal.types("y\n")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, terminal)
	}
	if have := a.containers(); len(have) > 0 {
		t.Errorf("%d containers are left", len(have))
	}
}

// The other side's login shell reads the words; each must arrive as it was.
func TestScenarioHostileWordsArriveOverSSHAsTheyAre(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if err := goBuild(filepath.Join(bin, "teal"), "../words"); err != nil {
		t.Fatal(err)
	}
	s, a := newSSHD(t, bin), bare(t)
	s.runs(a)
	trap := filepath.Join(t.TempDir(), "trap")
	words := []string{
		"", " ", "a b", "it's", "''", `"`, `\`, `\'`, `'\''`, `a\'b"c`, "$HOME", "$(touch " + trap + ")", "`touch " + trap + "`", "; touch " + trap,
		"| touch " + trap, "& touch " + trap, "&& touch " + trap, "> " + trap, "< /etc/passwd", "*", "?", "[a-z]", "~", "!", "!!", "#", "{a,b}", "-x", "--", "--host",
		"line\nline", "\n", "\ttab", "\r", "\x01\x7f", "\xff\xfe", "ü€😀", "%s", "A=b", strings.Repeat("x", 5000),
	}
	var got []string
	r := a.must(append([]string{"--host", s.url(), "logs", "--"}, words...)...)
	r.last(&got)
	if diff := cmp.Diff(append([]string{"attached", "logs", "--"}, printable(words)...), got); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("a word was run by the shell")
	}
}

// printable is what JSON makes of words that are no UTF-8.
func printable(words []string) []string {
	var out []string
	for _, w := range words {
		out = append(out, strings.ToValidUTF8(strings.ReplaceAll(w, "\xff", "\ufffd"), "\ufffd"))
	}
	return out
}

// Every user of a machine can read every process' arguments.
func TestScenarioNoSecretIsInAnArgumentOnEitherSide(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	secret := "sekret" + random(t)
	a.env = append(a.env, "VERSION="+secret)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b := s.begin(ctx, a, "VERSION", "BROKEN=1")
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) < 5 {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range lines {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if strings.Contains(string(text), a.name) || strings.Contains(string(text), s.client) {
			seen++
		}
		if strings.Contains(string(text), secret) {
			t.Errorf("%s: %q", path, text)
		}
	}
	if seen == 0 {
		t.Error("the processes looked for were not among those seen")
	}
	b.interrupt()
	b.end()
	a.env = a.env[:len(a.env)-1]
	a.must(s.over(a, "--env", "VERSION=4", "deploy")...)
	a.serves(4)
}

func TestScenarioWhatIsWrongWithSSHIsToldPlainly(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, t.TempDir()), bare(t)
	s.runs(a)
	status := []string{"--host", s.url(), "status"}
	a.teal(status...).fails(5, "teal is not installed on ssh://", "next:")

	known := s.read("known")
	s.put("known", "")
	a.teal(status...).fails(5, "the key of ssh://"+s.user+"@127.0.0.1:", "is not known here", "next:")
	s.put("known", strings.Replace(known, s.read("host.pub"), s.read("client.pub"), 1))
	a.teal(status...).fails(5, "answers with another key than the one known")
	s.put("known", known)

	s.put("authorized", s.read("host.pub"))
	a.teal(status...).fails(5, "does not let you in", "ssh-add")
	s.put("authorized", s.read("client.pub"))

	a.teal("--host", fmt.Sprintf("ssh://127.0.0.1:%d", freePort(t)), "status").fails(5, "refuses connections", "next:")
	a.teal("--host", "ssh://nowhere.invalid", "status").fails(5, "the name is not known")
	a.teal("--host", "ssh://-oProxyCommand=x", "status").fails(2, "is not a host", "nothing was done")
	a.teal("--host", s.url(), "--env", "UNSET_HERE", "status").fails(2, "it is not set here")
	a.teal("--env", "A=b", "status").fails(2, "--env is for --host")
	a.teal("status", "--host").fails(2, "flag needs an argument")

	a.env = append(a.env, "PATH="+t.TempDir())
	r := a.teal(append(status, "--json")...)
	r.fails(5, "there is no ssh program here", "next:")
	var last struct {
		Type  string
		Error struct{ Code string }
	}
	if r.last(&last); last.Type != "error" || last.Error.Code != "unreachable" {
		t.Errorf("%+v", last)
	}
}

// A reader who goes away ends no deploy.
func TestScenarioAReaderWhoLeavesEndsNoDeployOverSSH(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := a.command(ctx, built.teal, s.over(a, "--env", "VERSION=1", "deploy", "--json")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var first map[string]json.RawMessage
	if err := json.NewDecoder(out).Decode(&first); err != nil {
		t.Error(err)
	}
	if err := out.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v", err)
	}
	a.serves(1)
}
