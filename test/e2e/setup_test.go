package e2e

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"teal/test/program"
)

// setup runs script/setup; env comes behind the test's own.
func setup(t *testing.T, env []string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../../script/setup", args...)
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// touched is what set-up would change: when packages were last installed, the
// engine, and what keeps services down meanwhile.
func touched(t *testing.T) map[string]time.Time {
	t.Helper()
	times := map[string]time.Time{}
	for _, path := range []string{"/var/lib/dpkg/status", "/var/lib/apt/lists", "/usr/sbin/policy-rc.d", "/var/run/docker.pid"} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		times[path] = info.ModTime()
	}
	return times
}

func same(t *testing.T, was, is map[string]time.Time) {
	t.Helper()
	if len(was) != len(is) {
		t.Errorf("there were %v, now %v", was, is)
	}
	for path, at := range was {
		if !is[path].Equal(at) {
			t.Errorf("%s was changed at %s", path, is[path])
		}
	}
}

func TestScenarioSetUpOfAReadyMachineChangesNothing(t *testing.T) {
	if out, code := setup(t, nil, "--check"); code != 0 || out != "setup: all is there\n" {
		t.Fatalf("this machine is not ready: exit %d\n%s", code, out)
	}
	was := touched(t)
	for range 2 {
		if out, code := setup(t, nil); code != 0 || out != "setup: all is there\n" {
			t.Errorf("exit %d\n%s", code, out)
		}
	}
	same(t, was, touched(t))
}

// A PATH with the bare tools of a new machine: what set-up looks for in sbin
// folders by itself is there still.
func TestScenarioSetUpNamesWhatIsMissing(t *testing.T) {
	bare := t.TempDir()
	for _, tool := range []string{"apt-get", "awk", "cat", "dirname", "grep", "id", "readlink", "sed", "sort", "timeout", "tr", "uname"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			continue
		}
		if err := os.Symlink(path, filepath.Join(bare, tool)); err != nil {
			t.Fatal(err)
		}
	}
	was := touched(t)
	out, code := setup(t, []string{"PATH=" + bare, "DOCKER_HOST=unix://" + bare + "/docker.sock"}, "--check")
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	for _, text := range []string{"openssh-client", "curl", "no Docker engine answers at unix://" + bare, "run script/setup to install"} {
		if !strings.Contains(out, text) {
			t.Errorf("it does not tell of %q:\n%s", text, out)
		}
	}
	same(t, was, touched(t))
	if out, code := setup(t, nil, "--chekc"); code != 1 || !strings.Contains(out, "usage: script/setup [--check|--bench]") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// An engine of fakes: its curl hears it from when its dockerd has been started,
// by systemd or by hand.
func TestScenarioSetUpThatStartsAnEngineEndsForWhoeverReadsIt(t *testing.T) {
	bin := t.TempDir()
	up, pid := filepath.Join(bin, "up"), filepath.Join(bin, "pid")
	for name, lines := range map[string]string{
		"curl":      "test -e " + up + " && printf OK",
		"dockerd":   "echo $$ >" + pid + "; touch " + up + "; exec sleep 60",
		"systemctl": "touch " + up,
	} {
		if err := program.Write(filepath.Join(bin, name), []byte("#!/bin/sh\n"+lines+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // the engine lives on for longer
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../script/setup")
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "TEAL_ENGINE_LOG="+filepath.Join(bin, "log"))
	out, err := cmd.CombinedOutput() // reads until nobody holds the other end
	stopFake(t, pid)
	if err != nil || ctx.Err() != nil || !strings.Contains(string(out), "the Docker engine answers") {
		t.Errorf("%v, %v\n%s", err, ctx.Err(), out)
	}
}

func stopFake(t *testing.T, pid string) {
	text, err := os.ReadFile(pid)
	if errors.Is(err, fs.ErrNotExist) {
		return // systemd's
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil {
		err = syscall.Kill(id, syscall.SIGKILL)
	}
	if err != nil {
		t.Error(err)
	}
}
