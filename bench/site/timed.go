package site

import (
	"context"
	"os/exec"
	"time"
)

// Timed runs a command many times, with Docker at its usual socket.
func (s *Site) Timed(ctx context.Context, runs int, args ...string) ([]time.Duration, error) {
	var took []time.Duration
	for range runs {
		cmd := exec.CommandContext(ctx, s.teal, append(args, "--state", s.State())...)
		cmd.Dir = s.dir()
		began := time.Now()
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
