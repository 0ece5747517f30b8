package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/moby/moby/client"
)

// engine is a client of the Docker engine under test.
func engine() (*client.Client, error) {
	return client.New(client.FromEnv)
}

// buildImage makes an image FROM scratch with the given Go commands at its
// root. No registry is asked.
func buildImage(ctx context.Context, ref string, commands ...string) error {
	cli, err := engine()
	if err != nil {
		return err
	}
	defer cli.Close()
	archive, err := imageContext(commands)
	if err != nil {
		return err
	}
	res, err := cli.ImageBuild(ctx, archive, client.ImageBuildOptions{Tags: []string{ref}, Remove: true})
	if err != nil {
		return fmt.Errorf("build image %s: %w", ref, err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if _, err := cli.ImageInspect(ctx, ref); err != nil {
		return fmt.Errorf("build image %s: %w\n%s", ref, err, out)
	}
	return nil
}

func imageContext(commands []string) (io.Reader, error) {
	dir, err := os.MkdirTemp("", "tealtest-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	dockerfile := "FROM scratch\n"
	for _, c := range commands {
		name := filepath.Base(c)
		if err := goBuild(filepath.Join(dir, name), c); err != nil {
			return nil, err
		}
		if err := addFile(tw, filepath.Join(dir, name), name); err != nil {
			return nil, err
		}
		dockerfile += "COPY " + name + " /" + name + "\n"
	}
	if err := addBytes(tw, "Dockerfile", []byte(dockerfile)); err != nil {
		return nil, err
	}
	return &buf, tw.Close()
}

func addFile(tw *tar.Writer, path, name string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return addBytes(tw, name, b)
}

func addBytes(tw *tar.Writer, name string, b []byte) error {
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(b))}); err != nil {
		return err
	}
	_, err := tw.Write(b)
	return err
}

func removeImage(ref string) {
	cli, err := engine()
	if err != nil {
		return
	}
	defer cli.Close()
	// The next run builds it anew, so one that stays costs disk only.
	_, _ = cli.ImageRemove(context.Background(), ref, client.ImageRemoveOptions{Force: true})
}
