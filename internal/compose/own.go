package compose

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// A color may have compose files of its own. They are used as they are: their
// services keep their names, published ports and container names. Three
// things are as in one colored file, for the same reasons. A name that the
// files of both colors give away is colored. The color's services are alone
// in a private network and known outside it by their colored names. And named
// volumes and networks are those of the project <app>, so what one color has
// stored the other finds.

// filesOf are the files that a color's services come from, and those of the
// shared services for None.
func filesOf(app release.App, c release.Color) files {
	if own := app.Own[c]; len(own) > 0 {
		app.Compose = own
	}
	return files{app}
}

// hasOwn reports whether each color has files of its own.
func hasOwn(app release.App) bool { return len(app.Own) > 0 }

// isColored reports whether a service of that name in any of the files is one
// of the app's colored services.
func isColored(app release.App, name string) bool {
	for _, c := range release.Colors {
		if _, _, known := serviceOf(app, c, name); known {
			return true
		}
	}
	return false
}

// serviceOf is the app's service, and the replica of it, that the service in
// the color's files stands for; replica is 0 where it stands for all.
func serviceOf(app release.App, c release.Color, name string) (s release.Service, replica int, known bool) {
	for _, s := range app.Services {
		if i := slices.Index(s.Each[c], name); i >= 0 {
			return s, i + 1, true
		}
		if len(s.Each[c]) == 0 && s.NameIn(c) == name {
			return s, 0, true
		}
	}
	return release.Service{}, 0, false
}

// alone reports whether the slot's container is the only one that is made of
// its definition, in any color.
func (p painter) alone(slot release.Slot) bool {
	s, _ := p.app.Service(slot.Service)
	return hasOwn(p.app) && (s.Replicas == 1 || len(s.Each[p.color]) > 0)
}

// nameOf is the compose service that runs the replica.
func (p painter) nameOf(s release.Service, replica int) string {
	slot := release.Slot{Service: s.Name, Color: p.color, Replica: replica}
	if !hasOwn(p.app) {
		return slotService(slot, s.Replicas)
	}
	name := s.NameOf(p.color, replica)
	if _, _, both := serviceOf(p.app, p.color.Other(), name); both {
		name = coloredName(name, p.color)
	}
	if !p.alone(slot) {
		name = fmt.Sprintf("%s-%d", name, replica)
	}
	return name
}

// slotsOf are the compose services that run what the service in the color's
// files stands for; none for a shared one.
func (p painter) slotsOf(name string) []string {
	s, only, known := serviceOf(p.app, p.color, name)
	if !known {
		return nil
	}
	var names []string
	for r := 1; r <= s.Replicas; r++ {
		if only == 0 || only == r {
			names = append(names, p.nameOf(s, r))
		}
	}
	return names
}

// inAppNetwork reports whether the color's containers are in the app's
// network: nginx reaches them there, or shared services are.
func (p painter) inAppNetwork() bool {
	return !hasOwn(p.app) || p.app.Addresses != release.AddressesPorts || len(p.app.Compose) > 0
}

// marks are the names and addresses that only one container can have.
type marks map[string]bool

// marksOf collects them from the projects' services.
func marksOf(projects ...*types.Project) marks {
	out := marks{}
	for _, p := range projects {
		for _, s := range p.Services {
			out[s.ContainerName], out[s.Hostname] = true, true
			for _, own := range s.Networks {
				if own != nil {
					out[own.Ipv4Address] = true
				}
			}
		}
	}
	delete(out, "")
	return out
}

// reading is an app's compose files, loaded.
type reading struct {
	app    release.App
	shared *types.Project                   // the files of the shared services; of all where the colors have none of their own
	colors map[release.Color]*types.Project // the files that a color's services come from
	places map[release.Color]source         // of those asked for so far
}

func newReading(app release.App) reading {
	return reading{app: app, colors: map[release.Color]*types.Project{}, places: map[release.Color]source{}}
}

func read(ctx context.Context, app release.App) (reading, error) {
	out := newReading(app)
	loaded, err := files{app}.load(ctx, variables{})
	if err != nil {
		return out, err
	}
	out.shared = loaded
	for _, c := range release.Colors {
		if hasOwn(app) {
			if loaded, err = filesOf(app, c).load(ctx, variables{color: c}); err != nil {
				return out, err
			}
		}
		out.set(c, loaded)
	}
	return out, nil
}

// set makes the files what the color is read as. Where the colors have no
// files of their own, that is what all are read as.
func (r *reading) set(c release.Color, loaded *types.Project) {
	r.colors[c] = loaded
	if !hasOwn(r.app) {
		r.shared, r.colors[c.Other()] = loaded, loaded
	}
}

// with is the reading in which the files are what the color is read as.
func (r reading) with(c release.Color, loaded *types.Project) reading {
	r.colors = maps.Clone(r.colors)
	r.set(c, loaded)
	return r
}

// source finds the places of the color's files, and of the shared services'
// for None.
func (r reading) source(c release.Color) source {
	if !hasOwn(r.app) {
		c = release.None
	}
	if _, known := r.places[c]; !known {
		r.places[c] = filesOf(r.app, c).source()
	}
	return r.places[c]
}

// isShared reports whether the service of the name is one of the shared ones.
// A service that the shared files and a color's both have is shared: the
// color's files are then meant to be read after the shared ones.
func (r reading) isShared(name string) bool {
	_, there := r.shared.Services[name]
	return there && !isColored(r.app, name)
}

// definition is the service of the compose file that the replica is made from.
func (r reading) definition(s release.Service, c release.Color, replica int) types.ServiceConfig {
	return r.colors[c].Services[s.NameOf(c, replica)]
}

// sharedNames are the shared services, in order.
func (r reading) sharedNames() []string {
	return slices.DeleteFunc(r.shared.ServiceNames(), func(name string) bool { return !r.isShared(name) })
}

// networks and volumes are those of all files. They belong to the project
// <app>, whoever uses them; where two files mean different ones by one key,
// the color's gets a key of its own.
func (r reading) networks() types.Networks {
	out := types.Networks{}
	for _, c := range append([]release.Color{release.None}, release.Colors...) {
		for key, n := range outerNetworks(cmp.Or(r.colors[c], r.shared)) {
			if have, taken := out[key]; taken && have.Name != n.Name {
				key += "-" + string(c)
			}
			if _, taken := out[key]; !taken {
				out[key] = n
			}
		}
	}
	return out
}

func (r reading) volumes() types.Volumes {
	out := maps.Clone(r.shared.Volumes)
	if out == nil {
		out = types.Volumes{}
	}
	for _, c := range release.Colors {
		for key, v := range r.colors[c].Volumes {
			if have, taken := out[key]; taken && have.Name != v.Name {
				key += "-" + string(c)
			}
			if _, taken := out[key]; !taken {
				out[key] = v
			}
		}
	}
	return out
}
