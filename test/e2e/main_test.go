// Package e2e holds the scenarios: teal as people run it, on a real Docker
// engine and a real nginx. Each has one intent, checks the state of the real
// things, and keeps evidence when it fails.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// built is what TestMain made: the binaries and the test images.
var built struct {
	dir   string // holds teal and crash
	teal  string
	crash string
}

// image holds the demo's web and store and the faulty server. Its name is this
// run's own, so that two runs on one engine don't remove each other's.
var image = fmt.Sprintf("tealtest-e2e:%d", os.Getpid())

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tealtest-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.dir, built.teal, built.crash = dir, filepath.Join(dir, "teal"), filepath.Join(dir, "crash")
	if err := prepare(dir); err != nil {
		fmt.Fprintf(os.Stderr, "the scenarios need Go, Docker and nginx; script/setup installs them: %v\n", err)
		return 1
	}
	defer removeImage(image)
	return m.Run()
}

// prepare builds what is tested, and the images it is tested with.
func prepare(dir string) error {
	if _, err := exec.LookPath("nginx"); err != nil {
		return err
	}
	for _, target := range []string{"../../cmd/teal", "../crash"} {
		if err := goBuild(filepath.Join(dir, filepath.Base(target)), target); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return buildImage(ctx, image, "../faulty", "../stubborn", "../../examples/demo/app/web", "../../examples/demo/app/store")
}

func goBuild(out, target string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, target)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", target, err, output)
	}
	return nil
}
