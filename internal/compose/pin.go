package compose

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Pin resolves each colored service's image to its ID, keeps the image under
// a tag of the release and safe from being pruned, and returns the spec with
// models that run that image and pull or build nothing. The images of earlier
// releases that can be run again are made as safe. An image that isn't on the
// engine has code Gate.
func (e *Engine) Pin(ctx context.Context, app release.App, spec release.Spec, earlier []release.Release) (release.Spec, error) {
	project, err := decode(ctx, app, projectOf(app.Name, release.Blue), spec.Models[release.Blue])
	if err != nil {
		return spec, err
	}
	present, err := e.present(ctx, project.Services)
	if err != nil {
		return spec, err
	}
	images := map[string]string{}
	for name, s := range project.Services {
		id, there := present[name]
		if !there {
			return spec, notPresent(s)
		}
		images[s.Labels[labelService]] = id
	}
	spec.Images = images
	if err := e.hold(ctx, app, spec); err != nil {
		return spec, err
	}
	if err := e.keepImages(ctx, app, spec, earlier); err != nil {
		return spec, err
	}
	return pinned(ctx, app, spec)
}

// Present wants each image of the release on the engine, and puts back a tag
// of the release that is gone. An image that isn't there has code Gate, and
// nothing is changed then.
func (e *Engine) Present(ctx context.Context, app release.App, spec release.Spec) error {
	there, err := e.inspected(ctx, slices.Collect(maps.Values(spec.Images)))
	if err != nil {
		return err
	}
	for _, service := range slices.Sorted(maps.Keys(spec.Images)) {
		if id := spec.Images[service]; there[id].ID != id {
			return gone(spec.Number, service, id)
		}
	}
	return e.hold(ctx, app, spec)
}

func notPresent(s types.ServiceConfig) error {
	e := &release.Error{
		Code: release.Gate,
		What: fmt.Sprintf("image %s of service %s is not on this engine", s.Image, s.Labels[labelService]),
		Next: "docker pull " + s.Image,
	}
	if s.Platform != "" {
		e.What = fmt.Sprintf("image %s of service %s for %s is not on this engine", s.Image, s.Labels[labelService], s.Platform)
		e.Next = "docker pull --platform " + s.Platform + " " + s.Image
	}
	if s.Build != nil {
		e.Next = "docker build -t " + s.Image + " " + s.Build.Context
	}
	if s.Build != nil && s.Platform != "" {
		e.Next = "install Docker's buildx plugin, which builds for other platforms than the engine's"
	}
	return e
}

// pinned rewrites the models to run the images the spec names.
func pinned(ctx context.Context, app release.App, spec release.Spec) (release.Spec, error) {
	models := map[release.Color][]byte{}
	for color, content := range spec.Models {
		project, err := decode(ctx, app, projectOf(app.Name, color), content)
		if err != nil {
			return spec, err
		}
		for name, s := range project.Services {
			s.Image = pinTag(app.Name, s.Labels[labelService], spec.Number)
			s.PullPolicy, s.Build = types.PullPolicyNever, nil
			project.Services[name] = s
		}
		if models[color], err = encode(project); err != nil {
			return spec, err
		}
	}
	spec.Models = models
	return spec, nil
}

// hold makes the release's tags name the release's images, whatever has
// happened to the tags since: containers then run exactly the images pinned.
func (e *Engine) hold(ctx context.Context, app release.App, spec release.Spec) error {
	var tags []string
	for service := range spec.Images {
		tags = append(tags, pinTag(app.Name, service, spec.Number))
	}
	have, err := e.inspected(ctx, tags)
	if err != nil {
		return err
	}
	for _, service := range slices.Sorted(maps.Keys(spec.Images)) {
		tag, id := pinTag(app.Name, service, spec.Number), spec.Images[service]
		if have[tag].ID == id {
			continue
		}
		err := e.tag(ctx, id, tag)
		if errdefs.IsNotFound(err) {
			return gone(spec.Number, service, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) tag(ctx context.Context, id, tag string) error {
	_, err := e.client.ImageTag(ctx, client.ImageTagOptions{Source: id, Target: tag})
	return e.failed("tag image "+tag, err)
}

func gone(number int, service, id string) error {
	return &release.Error{
		Code:   release.Gate,
		What:   fmt.Sprintf("the image of %s in release %d is gone from this engine", service, number),
		Detail: []string{id + ": somebody has pruned or removed it"},
		Next:   "teal rollback --to another of teal history, or teal deploy",
	}
}

// Prune drops the tags of all releases of the app but those given, and the
// keepers before them, or the engine would not let go of the images. The
// image goes with its last tag; one that a container was made from stays.
// Tags of the user's are never touched.
func (e *Engine) Prune(ctx context.Context, app release.App, keep []int) error {
	have, err := e.keepers(ctx, app)
	if err != nil {
		return err
	}
	if err := e.dismiss(ctx, have, func(k keeper) bool { return !slices.Contains(keep, k.number) }); err != nil {
		return err
	}
	pins, err := e.pins(ctx, app)
	if err != nil {
		return err
	}
	for _, p := range pins {
		if slices.Contains(keep, p.number) {
			continue
		}
		if err := e.untag(ctx, p.tag); err != nil {
			return err
		}
	}
	return nil
}

// pin is an image under the tag of a release.
type pin struct {
	tag, image string // teal/shop/web:3, sha256:…
	number     int
}

// pins are the app's, in order of their tags.
func (e *Engine) pins(ctx context.Context, app release.App) ([]pin, error) {
	prefix := pinPrefix(app.Name)
	images, err := e.client.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", prefix+"*")})
	if err != nil {
		return nil, e.failed("list images of releases", err)
	}
	var out []pin
	for _, image := range images.Items {
		for _, tag := range image.RepoTags {
			number, err := strconv.Atoi(tag[strings.LastIndexByte(tag, ':')+1:])
			if strings.HasPrefix(tag, prefix) && err == nil {
				out = append(out, pin{tag: tag, image: image.ID, number: number})
			}
		}
	}
	slices.SortFunc(out, func(a, b pin) int { return strings.Compare(a.tag, b.tag) })
	return out, nil
}

// untag drops a tag. An image in use by a container that still lies about is
// a conflict to the engine; its tag goes with a later prune.
func (e *Engine) untag(ctx context.Context, tag string) error {
	_, err := e.client.ImageRemove(ctx, tag, client.ImageRemoveOptions{PruneChildren: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return e.failed("untag image "+tag, err)
}
