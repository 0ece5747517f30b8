package site

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"teal/internal/release"
)

// Ran is what a command of the binary did.
type Ran struct {
	began, ended time.Time // of the process
	Stdout       []byte
	Peak         float64   // MiB of memory at its most
	engine       []request // what it asked of Docker
}

// Took is how long it took, from its start to its end.
func (r Ran) Took() time.Duration { return r.ended.Sub(r.began) }

// Run runs a command that has to succeed, its requests to Docker through the
// meter.
func (s *Site) Run(ctx context.Context, env []string, args ...string) (Ran, error) {
	cmd := s.command(ctx, args...)
	cmd.Env = append(cmd.Env, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	s.meter.take()
	r := Ran{began: time.Now()}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	peak := WatchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	r.ended, r.Stdout = time.Now(), stdout.Bytes()
	r.Peak, r.engine = peak(), s.meter.take()
	if err != nil {
		return r, fmt.Errorf("teal %s: %w\n%s%s", strings.Join(args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return r, nil
}

func (s *Site) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.teal, args...)
	cmd.Dir = s.dir()
	cmd.Env = append(os.Environ(), "TEAL_STATE_DIR="+s.State(), "DOCKER_HOST=unix://"+s.meter.path)
	// Interrupted, it undoes what it began.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// Story is what a deploy told, and its last line.
type Story struct {
	Ran
	events  []release.Event
	Receipt release.Receipt
}

// carryOut runs a deploy or a rollback.
func (s *Site) carryOut(ctx context.Context, env []string, args ...string) (Story, error) {
	r, err := s.Run(ctx, env, append(args, "--json")...)
	if err != nil {
		return Story{}, err
	}
	t := Story{Ran: r}
	for lines := json.NewDecoder(bytes.NewReader(r.Stdout)); ; {
		var e release.Event
		if err := lines.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return t, fmt.Errorf("read the story: %w", err)
		}
		t.events = append(t.events, e)
	}
	last := t.events[max(len(t.events)-1, 0):]
	if len(last) == 0 || last[0].Receipt == nil {
		return t, errors.New("the story has no receipt")
	}
	t.Receipt = *last[0].Receipt
	return t, nil
}

// done is when the last step of a kind was over, and how long it took.
func (t Story) done(kind release.StepKind) (at time.Time, took time.Duration) {
	for _, e := range t.events {
		if e.Type == release.EventDone && e.Step != nil && e.Step.Kind == kind {
			at, took = e.Time, e.Took
		}
	}
	return at, took
}
