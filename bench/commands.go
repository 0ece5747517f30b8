package main

import (
	"context"
	"os/exec"
	"time"
)

// The promised limits of small commands, in milliseconds.
const (
	versionLimit = 40
	statusLimit  = 150
)

// commandRuns is how often a small command is run.
const commandRuns = 50

// commands measures, as a shell would, what people wait for most: from the
// start of the process to its end, status with an application that is live.
func commands(ctx context.Context, b *bench) error {
	if _, err := b.site.deploy(ctx); err != nil {
		return err
	}
	for _, c := range []struct {
		name  string
		limit float64
	}{{"version", versionLimit}, {"status", statusLimit}} {
		took, err := b.site.timed(ctx, c.name)
		if err != nil {
			return err
		}
		b.report.add("commands", "teal "+c.name, "ms", c.limit, millis(took))
	}
	return nil
}

// timed runs a command many times, with Docker at its usual socket.
func (s *site) timed(ctx context.Context, args ...string) ([]time.Duration, error) {
	var took []time.Duration
	for range commandRuns {
		cmd := exec.CommandContext(ctx, s.teal, append(args, "--state", s.state())...)
		cmd.Dir = s.dir()
		began := time.Now()
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
