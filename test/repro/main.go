// Command repro builds teal twice from this source, each time in a copy of it
// elsewhere and with a build cache of its own, and compares the bytes. It ends
// with 1 where they differ.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "repro:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output() // both are of this, whatever comes meanwhile
	if err != nil {
		return fmt.Errorf("ask git for the commit: %w", err)
	}
	var sums [][sha256.Size]byte
	for _, where := range []string{"first", "a longer second"} {
		sum, err := build(ctx, where, strings.TrimSpace(string(commit)))
		if err != nil {
			return fmt.Errorf("the %s build: %w", where, err)
		}
		fmt.Printf("repro: %x  %s build\n", sum, where)
		sums = append(sums, sum)
	}
	if sums[0] != sums[1] {
		return errors.New("the two builds differ: something of the folder, the time or the cache is in the binary")
	}
	fmt.Println("repro: both builds are the same to the byte")
	return nil
}

// build copies the source as git has it at the commit and builds it as "make build" does.
func build(ctx context.Context, where, commit string) (sum [sha256.Size]byte, err error) {
	root, err := os.MkdirTemp("", "teal-repro-")
	if err != nil {
		return sum, err
	}
	defer os.RemoveAll(root)
	source := filepath.Join(root, where)
	if err := command(ctx, "", "git", "clone", "--quiet", "--no-hardlinks", ".", source); err != nil {
		return sum, err
	}
	if err := command(ctx, source, "git", "checkout", "--quiet", "--detach", commit); err != nil {
		return sum, err
	}
	cache := "GOCACHE=" + filepath.Join(root, "cache")
	if err := command(ctx, source, "env", cache, "make", "--no-print-directory", "--silent", "build", "VERSION=repro"); err != nil {
		return sum, err
	}
	binary, err := os.ReadFile(filepath.Join(source, "bin/teal"))
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(binary), nil
}

func command(ctx context.Context, dir, name string, args ...string) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, said.String())
	}
	return nil
}
