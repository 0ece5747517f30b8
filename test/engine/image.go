//go:build linux

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/moby/client"
)

// Load copies an image from another engine.
func (e *Engine) Load(ctx context.Context, from *client.Client, image string) error {
	c, err := e.Client()
	if err != nil {
		return err
	}
	defer c.Close()
	archive, err := from.ImageSave(ctx, []string{image})
	if err != nil {
		return fmt.Errorf("save %s: %w", image, err)
	}
	loaded, err := c.ImageLoad(ctx, archive)
	if err != nil {
		return errors.Join(fmt.Errorf("load %s: %w", image, err), archive.Close())
	}
	_, err = io.Copy(io.Discard, loaded)
	if _, missing := c.ImageInspect(ctx, image); missing != nil {
		err = errors.Join(err, missing)
	}
	return errors.Join(err, loaded.Close(), archive.Close())
}
