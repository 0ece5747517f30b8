package compose

import (
	"context"
	"fmt"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// Load reads the compose files and refuses, with code Invalid and the place
// in the file, what can't run in two colors. What compose itself refuses is
// passed on in its words. Notes of the project holds what compose only warns
// of, such as a variable that isn't set.
func (e *Engine) Load(ctx context.Context, app release.App) (release.Project, error) {
	var loaded *types.Project
	notes, err := logged().during(func() (err error) {
		loaded, err = loadChecked(ctx, app)
		return err
	})
	if err != nil {
		return release.Project{}, err
	}
	present, err := e.present(ctx, imagesOf(app, loaded))
	if err != nil {
		return release.Project{}, err
	}
	project := summary(app, loaded, present)
	project.Notes = append(notes, otherName(app)...)
	return project, nil
}

func loadChecked(ctx context.Context, app release.App) (*types.Project, error) {
	f := files{app}
	loaded, err := f.load(ctx, variables{})
	if err != nil {
		return nil, err
	}
	return loaded, refuse(app, loaded, f.source())
}

// otherName warns of a file that names another project: under the app's name
// its volumes are other volumes, and empty ones.
func otherName(app release.App) []string {
	name := files{app}.source().value("name")
	if name == "" || name == app.Name {
		return nil
	}
	return []string{fmt.Sprintf("the compose file names its project %s; teal runs it as %s, so volumes of %s are not used", name, app.Name, name)}
}

func summary(app release.App, loaded *types.Project, present map[string]string) release.Project {
	var out release.Project
	for _, name := range loaded.ServiceNames() {
		s := loaded.Services[name]
		_, there := present[imageOf(app, s)]
		service := release.ProjectService{Name: name, Build: s.Build != nil, Image: s.Image, Present: there, Pull: s.PullPolicy}
		if _, colored := app.Service(name); colored {
			out.Colored = append(out.Colored, service)
			continue
		}
		out.Shared = append(out.Shared, service)
	}
	return out
}

// imageOf is the image a service's containers are made from.
func imageOf(app release.App, s types.ServiceConfig) string {
	if s.Image == "" {
		return builtImage(app.Name, s.Name)
	}
	return s.Image
}

func imagesOf(app release.App, p *types.Project) []string {
	var images []string
	for _, s := range p.Services {
		images = append(images, imageOf(app, s))
	}
	return images
}

// Prepare renders the release's models for both colors and the shared
// services. The bytes need neither the compose files nor the environment to
// be read again; bind mounts and file secrets still name paths of the host.
func (e *Engine) Prepare(ctx context.Context, app release.App, number int, net release.Network) (release.Spec, error) {
	spec := release.Spec{App: app.Name, Number: number, Models: map[release.Color][]byte{}}
	_, err := logged().during(func() (err error) {
		spec.Shared, err = renderShared(ctx, app)
		return err
	})
	if err != nil {
		return release.Spec{}, err
	}
	painted := map[release.Color]*types.Project{}
	for _, color := range release.Colors {
		if painted[color], err = paint(ctx, app, number, net, color); err != nil {
			return release.Spec{}, err
		}
		if spec.Models[color], err = encode(painted[color]); err != nil {
			return release.Spec{}, err
		}
	}
	return spec, oneImage(app, painted)
}

func renderShared(ctx context.Context, app release.App) ([]byte, error) {
	loaded, err := loadChecked(ctx, app)
	if err != nil {
		return nil, err
	}
	return encode(sharedModel(app, loaded))
}

// paint loads the files as the color reads them, once for each replica if
// they mention TEAL_REPLICA, and renders the color's model.
func paint(ctx context.Context, app release.App, number int, net release.Network, color release.Color) (*types.Project, error) {
	f := files{app}
	replicas := 1
	if f.mentions("TEAL_REPLICA") {
		for _, s := range app.Services {
			replicas = max(replicas, s.Replicas)
		}
	}
	p := painter{app: app, color: color, number: number, net: net}
	for r := 1; r <= replicas; r++ {
		loaded, err := f.load(ctx, variables{color: color, release: number, replica: r})
		if err != nil {
			return nil, err
		}
		if err := refuse(app, loaded, f.source()); err != nil {
			return nil, err
		}
		p.loads = append(p.loads, loaded)
	}
	return p.paint()
}

// oneImage wants all replicas of a service in both colors to run one image:
// a release has one image a service, whatever color it runs in.
func oneImage(app release.App, painted map[release.Color]*types.Project) error {
	seen := map[string]string{}
	for _, color := range release.Colors {
		for _, s := range painted[color].Services {
			name := s.Labels[labelService]
			if first, there := seen[name]; there && first != s.Image {
				return invalid(files{app}.source().at("services", name, "image"),
					fmt.Sprintf("service %s has image %s in one place and %s in another", name, first, s.Image),
					"name one image: the release number may be part of it, the color and the replica may not")
			}
			seen[name] = s.Image
		}
	}
	return nil
}
