package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// newBaked is bare for an application of images that differ from version to
// version. They carry its name in a label, by which they are removed at last.
func newBaked(t *testing.T) *app {
	t.Helper()
	var a *app
	t.Cleanup(func() { a.unbake() })
	a = bare(t)
	return a
}

// bake makes the image of a version under that name.
func (a *app) bake(ref string, version int) {
	a.t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	text := fmt.Sprintf("FROM %s\nLABEL tealtest=%s\nENV VERSION=%d\nCMD [\"/web\"]\n", image, a.name, version)
	if err := addBytes(tw, "Dockerfile", []byte(text)); err != nil {
		a.t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		a.t.Fatal(err)
	}
	a.docker(func(ctx context.Context, cli *client.Client) error {
		res, err := cli.ImageBuild(ctx, &buf, client.ImageBuildOptions{Tags: []string{ref}, Remove: true})
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if out, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(out), `"error"`) {
			return fmt.Errorf("bake %s: %w\n%s", ref, err, out)
		}
		return nil
	})
}

// baked filters the application's images.
func (a *app) baked() client.Filters { return client.Filters{}.Add("label", "tealtest="+a.name) }

func (a *app) unbake() {
	a.docker(func(ctx context.Context, cli *client.Client) error {
		list, err := cli.ImageList(ctx, client.ImageListOptions{Filters: a.baked()})
		for _, i := range list.Items {
			if _, err := cli.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true}); err != nil {
				a.t.Logf("left behind: %v", err)
			}
		}
		return err
	})
}

// tags are the tags under which teal keeps the application's images.
func (a *app) tags() []string {
	a.t.Helper()
	var tags []string
	a.docker(func(ctx context.Context, cli *client.Client) error {
		list, err := cli.ImageList(ctx, client.ImageListOptions{})
		for _, i := range list.Items {
			for _, tag := range i.RepoTags {
				if _, short, mine := strings.Cut(tag, "/"+a.name+"/"); mine {
					tags = append(tags, short)
				}
			}
		}
		return err
	})
	return tags
}
