//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// perDeploy is what the journal may grow by with each deploy, by design: its
// row, its steps and its receipt are history, which is kept. Specs of releases
// are not, beyond deploy.keep.
const perDeploy = 6 << 10

// letGo is how long nginx, the engine and the kernel have to close what a
// deploy used.
const letGo = 20 * time.Second

// inARow releases so many times.
func (s *site) inARow(ctx context.Context, deploys int) error {
	for n := range deploys {
		if _, err := s.deploy(ctx); err != nil {
			return fmt.Errorf("deploy %d of %d: %w", n+1, deploys, err)
		}
	}
	return nil
}

// back waits until there is no more of anything than before; what there is
// more of is the answer, "" for nothing.
func (h *hall) back(ctx context.Context, s *site, before inventory) (now inventory, more string, err error) {
	ctx, cancel := context.WithTimeout(ctx, letGo)
	defer cancel()
	for {
		found, err := h.count(ctx, s)
		if ctx.Err() != nil {
			return now, more, nil
		}
		if err != nil {
			return now, more, err
		}
		now, more = found, found.more(before)
		if more == "" || !pause(ctx, 200*time.Millisecond) {
			return now, more, nil
		}
	}
}

// journal is the size of the journal in bytes, its log included.
func (s *site) journal() (bytes int64, err error) {
	files, err := filepath.Glob(filepath.Join(s.state(), "teal.db*"))
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, nil
}
