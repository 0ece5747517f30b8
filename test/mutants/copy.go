package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// copied is a clone of what is committed, where mutants are tried.
type copied struct{ dir string }

// newCopy clones the tree that the command stands in.
func newCopy(ctx context.Context) (*copied, error) {
	dir, err := os.MkdirTemp("", "teal-mutants-")
	if err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "git", "clone", "--quiet", ".", dir).CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("copy what is committed: %w\n%s", err, out)
	}
	return &copied{dir: dir}, nil
}

func (c *copied) remove() { os.RemoveAll(c.dir) }

// try applies a mutant, has its test run, and takes the mutant back.
func (c *copied) try(ctx context.Context, m mutant, limit time.Duration, tell func(mutant, verdict)) error {
	restore, err := c.apply(m)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	v := judge(ctx, c.dir, m, limit)
	if err := restore(); err != nil {
		return fmt.Errorf("%s: take it back: %w", m.name, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	tell(m, v)
	return nil
}

// apply breaks the file; restore mends it. A mutant without a file breaks
// nothing.
func (c *copied) apply(m mutant) (restore func() error, err error) {
	if m.file == "" {
		return func() error { return nil }, nil
	}
	whole, err := m.in(c.dir)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(c.dir, m.file)
	restore = func() error { return os.WriteFile(name, []byte(whole), 0o644) }
	return restore, os.WriteFile(name, []byte(strings.Replace(whole, m.old, m.with, 1)), 0o644)
}

// in reads the file of the tree that the mutant is to break. What is there
// twice, or no more, is not the line that was meant.
func (m mutant) in(dir string) (whole string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%s has its text %d times, not once", m.file, n)
	}
	return string(text), nil
}
