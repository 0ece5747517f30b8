// Package dockyard builds the image of an application that benchmarks and the
// proof deploy.
package dockyard

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

// Yard is an engine with the image of an application.
type Yard struct {
	Client *client.Client
	Image  string
}

// Open builds the image FROM scratch out of one static program, a package of
// this module's, in the engine at the given place. Its name begins with name.
// The caller closes the yard, which removes the image.
func Open(ctx context.Context, at client.Opt, name, program string) (*Yard, error) {
	c, err := client.New(at)
	if err != nil {
		return nil, fmt.Errorf("connect to docker: %w", err)
	}
	y := &Yard{Client: c, Image: fmt.Sprintf("%s-%d:latest", name, os.Getpid())}
	if err := y.build(ctx, program); err != nil {
		return nil, errors.Join(fmt.Errorf("build the application: %w", err), y.Close(ctx))
	}
	return y, nil
}

func (y *Yard) build(ctx context.Context, source string) error {
	dir, err := os.MkdirTemp("", "teal-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "app")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	archive, err := pack(program)
	if err != nil {
		return err
	}
	res, err := y.Client.ImageBuild(ctx, archive, client.ImageBuildOptions{Tags: []string{y.Image}, Remove: true})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	// What docker build says of itself proves nothing: the image is asked for.
	if _, err := y.Client.ImageInspect(ctx, y.Image); err != nil {
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
func (y *Yard) Version(ctx context.Context) (string, error) {
	v, err := y.Client.ServerVersion(ctx, client.ServerVersionOptions{})
	return v.Version, err
}

// Close removes the image, if it came to be.
func (y *Yard) Close(ctx context.Context) error {
	defer y.Client.Close()
	if _, err := y.Client.ImageInspect(ctx, y.Image); err != nil {
		return nil
	}
	_, err := y.Client.ImageRemove(ctx, y.Image, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	return err
}
