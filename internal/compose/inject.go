package compose

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/moby/client"
)

// inject copies the service's secrets and configs whose text the model holds
// into its container, which does not run yet. The SDK does so when it starts
// a container, but it starts no one-off container without taking over the
// process's signals. Those that are files are mounted and need nothing.
func (e *Engine) inject(ctx context.Context, project *types.Project, s types.ServiceConfig) error {
	for _, ref := range s.Secrets {
		file := targeted(types.FileReferenceConfig(ref), "/run/secrets")
		if err := e.put(ctx, s.ContainerName, file, project.Secrets[ref.Source].Content); err != nil {
			return fmt.Errorf("copy secret %s: %w", ref.Source, err)
		}
	}
	for _, ref := range s.Configs {
		file := targeted(types.FileReferenceConfig(ref), "/")
		if err := e.put(ctx, s.ContainerName, file, project.Configs[ref.Source].Content); err != nil {
			return fmt.Errorf("copy config %s: %w", ref.Source, err)
		}
	}
	return nil
}

// targeted has an absolute target: a relative one, or the name of the source
// where there is none, lies in the folder.
func targeted(file types.FileReferenceConfig, folder string) types.FileReferenceConfig {
	file.Target = cmp.Or(file.Target, file.Source)
	if !path.IsAbs(file.Target) {
		file.Target = path.Join(folder, file.Target)
	}
	return file
}

func (e *Engine) put(ctx context.Context, id string, file types.FileReferenceConfig, content string) error {
	if content == "" {
		return nil
	}
	archive, err := packed(file, content)
	if err != nil {
		return err
	}
	_, err = e.client.CopyToContainer(ctx, id, client.CopyToContainerOptions{
		DestinationPath: "/", Content: archive, CopyUIDGID: file.UID != "" || file.GID != "",
	})
	return err
}

// packed is a tar of the one file, readable by all unless it says otherwise,
// as compose has it.
func packed(file types.FileReferenceConfig, content string) (*bytes.Buffer, error) {
	header := &tar.Header{Name: file.Target, Size: int64(len(content)), Mode: 0o444}
	if file.Mode != nil {
		header.Mode = int64(*file.Mode)
	}
	var err error
	if header.Uid, err = number(file.UID); err != nil {
		return nil, err
	}
	if header.Gid, err = number(file.GID); err != nil {
		return nil, err
	}
	out := &bytes.Buffer{}
	archive := tar.NewWriter(out)
	if err := archive.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := archive.Write([]byte(content)); err != nil {
		return nil, err
	}
	return out, archive.Close()
}

func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.Atoi(text)
}
