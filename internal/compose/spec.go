package compose

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// Load reads the compose files and refuses, with code Invalid and the place
// in the file, what can't run in two colors. What compose itself refuses is
// passed on in its words. Notes of the project holds what compose only warns
// of, such as a variable that isn't set.
//
// What is read is kept for the Prepare that follows: a deploy runs what it has
// planned, whatever becomes of the files meanwhile.
func (e *Engine) Load(ctx context.Context, app release.App) (release.Project, error) {
	var r reading
	notes, err := logged().during(func() (err error) {
		r, err = loadChecked(ctx, app)
		return err
	})
	if err != nil {
		return release.Project{}, err
	}
	if err := e.keep(ctx, r); err != nil {
		return release.Project{}, err
	}
	project, err := e.summary(ctx, r)
	if err != nil {
		return release.Project{}, err
	}
	beside, err := e.besides(ctx, r)
	project.Notes = slices.Concat(notes, otherNames(app), beside)
	return project, err
}

func loadChecked(ctx context.Context, app release.App) (reading, error) {
	r, err := read(ctx, app)
	if err != nil {
		return r, err
	}
	return r, refuse(r)
}

// otherNames warns of files that name another project: under the app's name
// its volumes are other volumes, and empty ones.
func otherNames(app release.App) []string {
	var notes []string
	for _, c := range append([]release.Color{release.None}, release.Colors...) {
		name := filesOf(app, c).source().value("name")
		if name == "" || name == app.Name {
			continue
		}
		notes = append(notes, fmt.Sprintf("the compose file names its project %s; teal runs it as %s, so volumes of %s are not used", name, app.Name, name))
	}
	return slices.Compact(notes)
}

func (e *Engine) summary(ctx context.Context, r reading) (release.Project, error) {
	all := types.Services{}
	for _, s := range r.app.Services {
		all[s.Name] = r.definition(s, release.Blue, 1)
	}
	for _, name := range r.sharedNames() {
		all[name] = r.shared.Services[name]
	}
	named := types.Services{}
	for name, s := range all {
		s.Image = imageOf(r.app, name, s)
		named[name] = s
	}
	there, err := e.present(ctx, named)
	var out release.Project
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		service := release.ProjectService{Name: name, Build: s.Build != nil, Image: s.Image, Present: there[name] != "", Pull: policyOf(s)}
		if r.isShared(name) {
			out.Shared = append(out.Shared, service)
			continue
		}
		out.Colored = append(out.Colored, service)
	}
	return out, err
}

// imageOf is the image that the containers of the service of that name are
// made from.
func imageOf(app release.App, name string, s types.ServiceConfig) string {
	if s.Image == "" {
		return builtImage(app.Name, name)
	}
	return s.Image
}

// Prepare renders the release's models for both colors and the shared
// services, out of the files as Load has read them; of an app that was not
// loaded, they are read now. The bytes need neither the compose files nor the
// environment to be read again; bind mounts and file secrets still name paths
// of the host.
func (e *Engine) Prepare(ctx context.Context, app release.App, number int, net release.Network) (release.Spec, error) {
	var t taken
	_, err := logged().during(func() (err error) {
		t, err = e.taken(ctx, app, number)
		return err
	})
	if err != nil {
		return release.Spec{}, err
	}
	spec := release.Spec{App: app.Name, Number: number, Models: map[release.Color][]byte{}}
	if spec.Shared, err = encode(sharedModel(t.shared, e.root)); err != nil {
		return release.Spec{}, err
	}
	painted := map[release.Color]*types.Project{}
	for _, color := range release.Colors {
		if painted[color], err = t.paint(number, net, color); err != nil {
			return release.Spec{}, err
		}
	}
	if err := oneImage(app, painted); err != nil {
		return release.Spec{}, err
	}
	for color, project := range painted {
		if spec.Models[color], err = encode(project); err != nil {
			return release.Spec{}, err
		}
		spec.Models[color] = numbered(spec.Models[color], number)
	}
	return spec, nil
}

// oneImage wants all replicas of a service in both colors to run one image:
// a release has one image a service, whatever color it runs in. What is built
// in one way only is built once, whatever names the files have for it.
func oneImage(app release.App, painted map[release.Color]*types.Project) error {
	first := map[string]types.ServiceConfig{}
	for _, color := range release.Colors {
		for _, key := range painted[color].ServiceNames() {
			s := painted[color].Services[key]
			name := s.Labels[labelService]
			have, there := first[name]
			switch {
			case !there:
				first[name] = s
			case !reflect.DeepEqual(have.Build, s.Build):
				return twoImages(app, color, name, "build", "is built in two ways", "build it in one way: the release number may be part of it, the color and the replica may not")
			case have.Build != nil && hasOwn(app):
				s.Image = have.Image
				painted[color].Services[key] = s
			case have.Image != s.Image:
				return twoImages(app, color, name, "image", fmt.Sprintf("has image %s in one place and %s in another", have.Image, s.Image),
					"name one image: the release number may be part of it, the color and the replica may not")
			}
		}
	}
	return nil
}

func twoImages(app release.App, c release.Color, service, key, what, next string) error {
	s, _ := app.Service(service)
	return invalid(filesOf(app, c).source().at("services", s.NameOf(c, 1), key), "service "+service+" "+what, next)
}
