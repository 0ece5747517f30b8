package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/moby/moby/client"
)

// yard is the engine with the image of the application.
type yard struct {
	client *client.Client
	image  string
}

func newYard(ctx context.Context, at client.Opt) (*yard, error) {
	c, err := client.New(at)
	if err != nil {
		return nil, fmt.Errorf("connect to docker: %w", err)
	}
	y := &yard{client: c, image: fmt.Sprintf("teal-proof-%d:latest", os.Getpid())}
	if err := y.build(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("build the application: %w", err), y.close(ctx))
	}
	return y, nil
}

// build makes the image FROM scratch out of one static program.
func (y *yard) build(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "teal-proof-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "teal/test/proof/app")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	archive, err := pack(program)
	if err != nil {
		return err
	}
	res, err := y.client.ImageBuild(ctx, archive, client.ImageBuildOptions{Tags: []string{y.image}, Remove: true})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	// What docker build says of itself proves nothing: the image is asked for.
	if _, err := y.client.ImageInspect(ctx, y.image); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// pack is a build context with the program at its root.
func pack(program string) (io.Reader, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []struct {
		name string
		text []byte
	}{{"app", binary}, {"Dockerfile", []byte("FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n")}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o755, Size: int64(len(f.text))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	return &out, w.Close()
}

// close removes the image, if it came to be.
func (y *yard) close(ctx context.Context) error {
	defer y.client.Close()
	if _, err := y.client.ImageInspect(ctx, y.image); err != nil {
		return nil
	}
	_, err := y.client.ImageRemove(ctx, y.image, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	return err
}
