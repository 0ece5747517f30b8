package compose

import (
	"context"
	"fmt"
	"hash/crc32"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

// A tag keeps an image from `docker image prune`, but not from `docker image
// prune -a`: that spares no image but those which a container was made from.
// So each image of a release has a container that never runs, its keeper.

// keeper is one of them. It is in no compose project, so that neither
// `docker compose -p` nor teal takes it for a part of the app.
type keeper struct {
	number int
	image  string
	made   container.Summary
}

// keeps reports whether the keeper is the image's in the release.
func (k keeper) keeps(p pin) bool { return k.number == p.number && k.image == p.image }

func (e *Engine) keepers(ctx context.Context, app release.App) ([]keeper, error) {
	found, err := e.client.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("label", labelApp+"="+app.Name, labelKeep),
	})
	if err != nil {
		return nil, e.failed("list the containers that keep images of "+app.Name, err)
	}
	var out []keeper
	for _, c := range found.Items {
		number, err := strconv.Atoi(c.Labels[labelKeep])
		if err == nil {
			out = append(out, keeper{number: number, image: c.Labels[labelImage], made: c})
		}
	}
	return out, nil
}

// keepImages gives the release's images their keepers, and those of earlier
// releases that have lost theirs, to `docker container prune` perhaps. Only
// the release's own must succeed: one bad old image must not stop all deploys,
// and one that is gone is told to whoever wants to go back to it.
func (e *Engine) keepImages(ctx context.Context, app release.App, spec release.Spec, earlier []release.Release) error {
	have, err := e.keepers(ctx, app)
	if err != nil {
		return err
	}
	err = e.dismiss(ctx, have, func(k keeper) bool {
		return k.number == spec.Number && !slices.Contains(slices.Collect(maps.Values(spec.Images)), k.image)
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, p := range unkept(app, have, append(slices.Clone(earlier), release.Release{Number: spec.Number, Images: spec.Images})) {
		group.Go(func() error {
			err := e.engage(ctx, app, p)
			if err == nil || p.number == spec.Number {
				return err
			}
			if !errdefs.IsNotFound(err) {
				e.note(fmt.Sprintf("the image of release %d is not safe from docker image prune -a: %v", p.number, err))
			}
			return nil
		})
	}
	return group.Wait()
}

// unkept are the images of releases that have no keeper, one a release and
// image: services with the same image share one. They are known without a
// question to Docker, which looks at all images of the machine to list a few:
// 60 ms with 547 of them (20.10).
func unkept(app release.App, have []keeper, releases []release.Release) []pin {
	have = slices.Clone(have)
	var out []pin
	for _, r := range releases {
		for _, service := range slices.Sorted(maps.Keys(r.Images)) {
			p := pin{tag: pinTag(app.Name, service, r.Number), image: r.Images[service], number: r.Number}
			if !slices.ContainsFunc(have, func(k keeper) bool { return k.keeps(p) }) {
				have, out = append(have, keeper{number: p.number, image: p.image}), append(out, p)
			}
		}
	}
	return out
}

// engage makes the keeper of an image. Its name may be taken, since a-b's c
// and a's b-c have the same: it gets a checksum then.
func (e *Engine) engage(ctx context.Context, app release.App, p pin) error {
	found, err := e.client.ImageInspect(ctx, p.image)
	if err != nil {
		return e.failed("inspect image "+p.tag, err)
	}
	labels := map[string]string{labelApp: app.Name, labelKeep: strconv.Itoa(p.number), labelImage: p.image}
	var volumes map[string]struct{}
	if found.Config != nil {
		hide(found.Config.Labels, labels)
		volumes = found.Config.Volumes
	}
	name := keeperName(app, p)
	options := idle(p.image, labels, volumes)
	options.Name = name
	_, err = e.client.ContainerCreate(ctx, options)
	if errdefs.IsConflict(err) {
		options.Name = fmt.Sprintf("%s-%08x", name, crc32.ChecksumIEEE([]byte(p.tag)))
		_, err = e.client.ContainerCreate(ctx, options)
	}
	return e.failed("create container "+name+", which keeps an image,", err)
}

func keeperName(app release.App, p pin) string {
	return "teal-keep-" + app.Name + "-" + strings.Replace(strings.TrimPrefix(p.tag, pinPrefix(app.Name)), ":", "-", 1)
}

// hide empties compose's labels of the image, which a container inherits:
// compose puts its project on what it builds.
func hide(inherited, labels map[string]string) {
	for key := range inherited {
		if strings.HasPrefix(key, "com.docker.compose.") {
			labels[key] = ""
		}
	}
}

// idle is a container that has nothing and does nothing: its command is in no
// image, and what the image says of volumes is met by file systems in memory,
// which nobody mounts as long as it doesn't run. Docker would make volumes,
// and copy files of the image into them.
func idle(image string, labels map[string]string, volumes map[string]struct{}) client.ContainerCreateOptions {
	var targets []string
	for target := range volumes {
		if clean := path.Clean(target); path.IsAbs(clean) && clean != "/" {
			targets = append(targets, clean)
		}
	}
	slices.Sort(targets)
	host := &container.HostConfig{NetworkMode: "none", LogConfig: container.LogConfig{Type: "none"}}
	for _, target := range slices.Compact(targets) {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeTmpfs, Target: target})
	}
	return client.ContainerCreateOptions{
		Config:     &container.Config{Image: image, Entrypoint: []string{"kept-by-teal"}, WorkingDir: "/", Labels: labels},
		HostConfig: host,
	}
}

// dismiss removes those of the keepers that are no longer wanted.
func (e *Engine) dismiss(ctx context.Context, have []keeper, unwanted func(keeper) bool) error {
	var leave []container.Summary
	for _, k := range have {
		if unwanted(k) {
			leave = append(leave, k.made)
		}
	}
	return e.stopAndRemove(ctx, leave)
}
