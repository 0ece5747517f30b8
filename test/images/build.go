package images

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/moby/moby/client"
)

// assemble builds an image from its folder. The build has the machine's own
// network: what apt reaches here it reaches there.
func (y yard) assemble(ctx context.Context, i Image) error {
	folder, err := packed(i.Name)
	if err != nil {
		return err
	}
	base, proxy := baseRef(), here(ctx).proxy
	answer, err := y.docker.ImageBuild(ctx, folder, client.ImageBuildOptions{
		Tags:        []string{i.hashed()},
		NetworkMode: "host",
		Remove:      true,
		ForceRemove: true,
		// A failed build's cache must not outlive the cause of the failure.
		NoCache:   true,
		BuildArgs: map[string]*string{"BASE": &base, "http_proxy": &proxy},
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return told(answer.Body)
}

// packed is a folder of the inputs as the engine reads it. Embedded files have
// no modes, so scripts are known by their name.
func packed(folder string) (io.Reader, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	err := fs.WalkDir(inputs, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := inputs.ReadFile(name)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o755
		}
		header := tar.Header{Name: strings.TrimPrefix(name, folder+"/"), Mode: mode, Size: int64(len(text))}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		_, err = archive.Write(text)
		return err
	})
	return &out, errors.Join(err, archive.Close())
}

// told reads what the engine says while it works: it answers 200 before it
// knows whether it will succeed, so only the stream tells.
func told(stream io.Reader) error {
	var said tail
	lines := json.NewDecoder(stream)
	for {
		var line struct {
			Stream string `json:"stream"`
			Error  string `json:"error"`
		}
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read what the engine says: %w", err)
		case line.Error != "":
			return fmt.Errorf("%s\n%s", line.Error, said.text())
		}
		_, _ = said.Write([]byte(line.Stream))
	}
}

// tail keeps the end of an output, where the cause of a failure stands.
type tail struct{ kept []byte }

const tailKept = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailKept; over > 0 {
		t.kept = t.kept[over:]
	}
	return len(b), nil
}

func (t *tail) text() string { return strings.TrimSpace(string(t.kept)) }
