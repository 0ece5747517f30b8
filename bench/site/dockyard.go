package site

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

// Dockyard is the engine with the image of the application that is deployed.
type Dockyard struct {
	client *client.Client
	Image  string
}

// NewDockyard builds the image. The caller closes it.
func NewDockyard(ctx context.Context) (*Dockyard, error) {
	c, err := client.New(client.FromEnv)
	if err != nil {
		return nil, fmt.Errorf("connect to docker: %w", err)
	}
	d := &Dockyard{client: c, Image: fmt.Sprintf("teal-bench-%d:latest", os.Getpid())}
	if err := d.build(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("build the application: %w", err), d.Close(ctx))
	}
	return d, nil
}

// build makes the image FROM scratch out of one static program.
func (d *Dockyard) build(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "teal-bench-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./bench/app")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	archive, err := pack(program)
	if err != nil {
		return err
	}
	res, err := d.client.ImageBuild(ctx, archive, client.ImageBuildOptions{Tags: []string{d.Image}, Remove: true})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	// What docker build says of itself proves nothing: the image is asked for.
	if _, err := d.client.ImageInspect(ctx, d.Image); err != nil {
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

// Version is the version of Docker.
func (d *Dockyard) Version(ctx context.Context) (string, error) {
	v, err := d.client.ServerVersion(ctx, client.ServerVersionOptions{})
	return v.Version, err
}

// Close removes the image, if it came to be.
func (d *Dockyard) Close(ctx context.Context) error {
	defer d.client.Close()
	if _, err := d.client.ImageInspect(ctx, d.Image); err != nil {
		return nil
	}
	_, err := d.client.ImageRemove(ctx, d.Image, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	return err
}
