package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/release"
)

// admit makes sure that an nginx in a container can serve the app: it is on
// the app's network, and sees the folders that its configuration speaks of.
func (r *Router) admit(ctx context.Context, s *server, app release.App) error {
	if s.box == nil {
		return nil
	}
	if err := r.housedWell(*s, app); err != nil {
		return err
	}
	if s.box.Host {
		return nil
	}
	network := release.NetworkName(app.Name)
	if !s.box.addr.IsValid() {
		if err := s.box.engine.Join(ctx, s.box.ID, network); err != nil {
			return fmt.Errorf("put the %s into network %s: %w", s.name, network, err)
		}
	}
	joined, err := r.container(ctx, app, s.proxy) // it has an address there now
	if err != nil {
		return err
	}
	if !joined.box.addr.IsValid() {
		return &release.Error{
			Code: release.Unreachable, What: fmt.Sprintf("container %s has no address on network %s", s.box.Name, network),
			Next: "docker network inspect " + network,
		}
	}
	*s = joined
	return nil
}

// housedWell refuses a container that runs and could not serve the app.
func (r *Router) housedWell(s server, app release.App) error {
	if _, running := s.running(); s.box == nil || !running {
		return nil
	}
	return errors.Join(r.addressable(s, app), r.sees(s, app))
}

// addressable refuses loopback ports that are the machine's: in a container
// they are the container's own.
func (r *Router) addressable(s server, app release.App) error {
	if app.Addresses != release.AddressesPorts || s.box.Host {
		return nil
	}
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("the %s is in a container and can't reach ports of this machine's loopback address", s.name),
		Next: "take addresses: ports out of teal.yaml, or give the container network_mode: host",
	}
}

// sees refuses a container that lacks a mount, or holds on to a folder that
// was made anew since. That is asked of its own root: what is mounted says
// little, what is seen says all.
func (r *Router) sees(s server, app release.App) error {
	var missing, stale []release.Mount
	for _, m := range app.ProxyMounts(r.root, s.proxy) {
		switch {
		case m.Source != m.Target: // where the site's file goes
		case !remains(m.Source) && (s.box.outside(m.Target) == m.Source || !strings.HasPrefix(m.Source, r.root+"/")):
			// It is made with the config, or nginx -t tells that it isn't there.
		case s.sameFolder(m.Source):
		case s.box.outside(m.Target) == m.Source:
			stale = append(stale, m)
		default:
			missing = append(missing, m)
		}
	}
	if s.site == "" || !s.knows(filepath.Dir(s.site)) {
		missing = append(missing, r.sitesMount(s, app))
	}
	switch {
	case len(missing) > 0:
		return s.unmounted(missing)
	case len(stale) > 0:
		return s.pinned(stale)
	}
	return nil
}

// sameFolder reports whether the container sees this very folder.
func (s server) sameFolder(path string) bool {
	here, err1 := os.Stat(path)
	there, err2 := s.files.stat(path)
	return err1 == nil && err2 == nil && os.SameFile(here, there)
}

// knows reports whether the container sees the folder, under its own path.
func (s server) knows(folder string) bool {
	here, err1 := os.Stat(folder)
	there, err2 := s.files.stat(filepath.Dir(s.guest))
	return err1 == nil && err2 == nil && os.SameFile(here, there)
}

func (r *Router) sitesMount(s server, app release.App) release.Mount {
	source := filepath.Join(r.app(app.Name), "sites-"+s.proxy.Service)
	if s.proxy.Service == "" {
		source = "./nginx.d"
	}
	return release.Mount{Source: source, Target: filepath.Dir(s.guest), ReadOnly: true}
}

// unmounted is the error of a container that lacks mounts, with the lines that
// bring them.
func (s server) unmounted(missing []release.Mount) error {
	e := &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("container %s of the %s does not see folders that it needs", s.box.Name, s.name),
		Detail: []string{"volumes:"},
		Next:   "add these lines to the container's service, then make it anew: docker compose up -d",
	}
	if s.proxy.Service != "" {
		e.Next = "make the container anew, which is when teal adds them: docker rm -f " + s.box.Name + ", then teal deploy"
	}
	for _, m := range missing {
		e.Detail = append(e.Detail, "  - "+m.Line())
	}
	e.Detail = append(e.Detail, s.singleFiles(missing)...)
	return e
}

// singleFiles tells of files that are mounted one by one: Docker pins what it
// mounts, so a file that is replaced by a rename stays the old one in there
// (moby issue 15793).
func (s server) singleFiles(missing []release.Mount) []string {
	var list []string
	for _, m := range s.box.Mounts {
		info, err := os.Stat(m.Source)
		if err != nil || info.IsDir() {
			continue
		}
		within := func(want release.Mount) bool {
			inside, err := filepath.Rel(want.Target, m.Target)
			return err == nil && filepath.IsLocal(inside)
		}
		if slices.ContainsFunc(missing, within) {
			list = append(list, m.Target+" is mounted as a single file, which Docker pins: a change by rename never reaches it; mount its folder")
		}
	}
	return list
}

// pinned is the error of a container that holds on to folders of before.
func (s server) pinned(stale []release.Mount) error {
	e := &release.Error{
		Code: release.Unreachable, What: fmt.Sprintf("container %s of the %s still sees folders that were removed since it started", s.box.Name, s.name),
		Next: "docker restart " + s.box.Name,
	}
	for _, m := range stale {
		e.Detail = append(e.Detail, m.Target)
	}
	return e
}
