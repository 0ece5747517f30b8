package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begun is a deploy that runs while the test looks on.
type begun struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	err   *strings.Builder
}

// begin starts a deploy with JSON output.
func (a *app) begin(ctx context.Context, env ...string) *begun {
	a.t.Helper()
	b := &begun{t: a.t, cmd: a.command(ctx, built.teal, "deploy", "--json"), err: &strings.Builder{}}
	b.cmd.Env = append(b.cmd.Env, env...)
	b.cmd.Stderr = b.err
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	b.lines = bufio.NewScanner(out)
	b.lines.Buffer(nil, 1<<20)
	return b
}

// line is what the tests read of an event.
type line struct {
	Type string `json:"type"`
	N    int    `json:"n"`
	Of   int    `json:"of"`
	Step struct {
		Kind string `json:"kind"`
	} `json:"step"`
}

// step reads on until step n begins; it reports false if the deploy ends first.
func (b *begun) step(n int) (line, bool) {
	b.t.Helper()
	for b.lines.Scan() {
		var l line
		if err := json.Unmarshal(b.lines.Bytes(), &l); err != nil {
			b.t.Fatalf("not JSON: %s", b.lines.Text())
		}
		if l.Type == "step" && l.N == n {
			return l, true
		}
	}
	return line{}, false
}

// end reads to the end and returns the exit code and the last line.
func (b *begun) end() (int, string) {
	b.t.Helper()
	last := ""
	for b.lines.Scan() {
		last = b.lines.Text()
	}
	var exit *exec.ExitError
	if err := b.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	return b.cmd.ProcessState.ExitCode(), last
}

func (b *begun) interrupt() {
	b.t.Helper()
	b.signal(syscall.SIGINT)
}

func (b *begun) signal(which os.Signal) {
	b.t.Helper()
	if err := b.cmd.Process.Signal(which); err != nil {
		b.t.Fatal(err)
	}
}

func TestScenarioCtrlCAtEveryStepIsUndoneAndTheLockIsFree(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	load := a.gentle()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for n := 1; ; n++ {
		b := a.begin(ctx, "VERSION=2")
		l, reached := b.step(n)
		if !reached {
			if code, last := b.end(); code != 0 {
				t.Fatalf("uninterrupted: exit %d: %s %s", code, last, b.err)
			}
			t.Logf("interrupted at each of %d steps", n-1)
			break
		}
		b.interrupt()
		code, last := b.end()
		if code == 0 && n == l.Of {
			a.must("rollback") // the signal came when all was done
			continue
		}
		if code != 130 || !strings.Contains(b.err.String(), "interrupted") || !strings.Contains(last, `"type":"receipt"`) {
			t.Fatalf("step %d, %s: exit %d, last line %s\n%s", n, l.Step.Kind, code, last, b.err)
		}
		if _, page := a.get("/"); !strings.Contains(page, "version 1") {
			t.Fatalf("step %d, %s: not undone, the site answers %s\n%s\n%s", n, l.Step.Kind, page, b.err, last)
		}
		if v := a.status(); v.Deploy != nil || v.Shares[v.Live] != 100 || v.Colors[other(v.Live)].State == "standby" {
			t.Fatalf("step %d, %s: %+v", n, l.Step.Kind, v)
		}
	}
	a.serves(2)
	a.unhurt(load)
}

func TestScenarioASecondDeployIsRefusedWhileOneRuns(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// A replica that never gets healthy holds the first deploy at its gate.
	b := a.begin(ctx, "VERSION=2", "BROKEN=1")
	b.reach("healthy")
	a.deploy(3).fails(4, "release 2", "@", "pid", "healthy green", "next:")
	if v := a.status(); v.Deploy == nil || !v.Deploy.Running || v.Deploy.Release != 2 {
		t.Errorf("status does not tell of the running deploy: %+v", v.Deploy)
	}
	b.interrupt()
	if code, _ := b.end(); code != 130 {
		t.Errorf("exit %d: %s", code, b.err)
	}
	a.mustDeploy(3)
	a.serves(3)
}

func other(color string) string {
	if color == "blue" {
		return "green"
	}
	return "blue"
}
