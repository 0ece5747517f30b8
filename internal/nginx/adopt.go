package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// Adopt writes the files of an adopted site as they are before its first
// release: what served before serves. Nothing is reloaded, and no server block
// has to include them yet; once one does, nginx -t needs them. A site with a
// release is left as it is. made are the files that nginx reads now, one of
// them in a folder of nginx's own; undo takes away again what was written.
func (r *Router) Adopt(ctx context.Context, app release.App) (made []string, undo func() error, err error) {
	if app.Site.Adopted == nil {
		return nil, nil, fmt.Errorf("the site of %s is not an adopted one", app.Name)
	}
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	fresh := !remains(r.token(app.Name))
	var before []file
	undo = func() error {
		err := write(before)
		if fresh {
			err = errors.Join(err, r.clear(app))
		}
		return err
	}
	for _, p := range slices.Backward(app.Proxies) {
		now, was, err := r.adopt(ctx, app, p)
		before = append(was, before...)
		if err != nil {
			return nil, nil, errors.Join(err, undo())
		}
		made = append(made, present(now)...)
	}
	return made, undo, nil
}

// present are the paths of files that shall be there.
func present(list []file) []string {
	var paths []string
	for _, f := range list {
		if f.text != nil {
			paths = append(paths, f.path)
		}
	}
	return paths
}

// adopt writes the files for one proxy and returns them as they are now and as
// they were.
func (r *Router) adopt(ctx context.Context, app release.App, p release.Proxy) (now, was []file, err error) {
	s, err := r.server(ctx, app, p)
	if err != nil {
		return nil, nil, err
	}
	if _, running := s.running(); !running && s.box != nil {
		return nil, nil, s.down() // what it is like is known while it runs
	}
	if err := errors.Join(s.mayChange(), s.passable(r.root), r.housedWell(s, app)); err != nil {
		return nil, nil, err
	}
	if remains(r.live(app.Name)) && remains(r.conf(app.Name, s.place)) {
		return nil, nil, r.adoptedAlready(s, app.Name)
	}
	if err := r.prepare(app.Name); err != nil {
		return nil, nil, err
	}
	out, err := r.interim(s, app)
	if err != nil {
		return nil, nil, err
	}
	now = r.files(s, app.Name, out)
	was = remember(now)
	if err := write(now); err != nil {
		return nil, was, fmt.Errorf("write the files of the adopted site: %w", err)
	}
	return now, was, nil
}

// adoptedAlready refuses an app that lives in a server block of teal's own.
func (r *Router) adoptedAlready(s server, app string) error {
	a, _, err := r.read(app, s.place)
	if err != nil || a.adopted {
		return err
	}
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("%s lives in the %s already, in a server block that teal has written", app, s.name),
		Next: "teal down, which takes it out, then teal init",
	}
}

// interim is the app's configuration without a release.
func (r *Router) interim(s server, app release.App) (render.Output, error) {
	token, err := r.makeToken(app.Name)
	if err != nil {
		return render.Output{}, err
	}
	app.Shapes = nil
	return r.render(s, app, release.Network{}, token)
}

// Tests runs nginx -t for every proxy of the chain. What doesn't pass is a
// *release.Error with nginx's words.
func (r *Router) Tests(ctx context.Context, app release.App) error {
	for _, p := range app.Proxies {
		s, err := r.server(ctx, app, p)
		if err != nil {
			return err
		}
		says, passes, err := s.test(ctx)
		if err != nil {
			return err
		}
		if !passes && mentions(says, fmt.Sprintf("unknown log format %q", "teal_"+strings.ReplaceAll(app.Name, "-", "_"))) {
			return &release.Error{
				Code: release.Invalid, What: fmt.Sprintf("the %s reads the server block before %s, which defines what it uses", s.name, s.guest), Detail: says,
				Next: "move the server block to a file that is included later, or name in proxy.sites a folder that is included before it", Err: errBroken,
			}
		}
		if !passes {
			return &release.Error{
				Code: release.Unreachable, What: "the " + s.name + " does not take its configuration (" + s.command("-t") + ")",
				Detail: says, Next: "mend what nginx names", Err: errBroken,
			}
		}
	}
	return nil
}

// unlink takes the app's table away: from the next request on an adopted site
// is served by what served it before.
func (r *Router) unlink(app string) error {
	err := os.Remove(r.live(app))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(r.lives())
}

// kept reports whether files of an adopted app must stay: a server block still
// includes them, and nginx would not start without.
func (r *Router) kept(app release.App) bool {
	if app.Site.Adopted == nil {
		return false
	}
	return slices.ContainsFunc(app.Proxies, func(p release.Proxy) bool { return remains(r.conf(app.Name, p.Place(app.Name))) })
}

// standBack makes the proxy serve an adopted site as before its first release,
// and forget the addresses of the app's containers.
func (r *Router) standBack(ctx context.Context, s server, app release.App) error {
	if err := r.prepare(app.Name); err != nil {
		return err
	}
	out, err := r.interim(s, app)
	if err != nil {
		return err
	}
	m, running := s.running()
	if !running {
		return write(r.files(s, app.Name, out))
	}
	qs, err := r.everyQuestion(s, app)
	if err != nil && !errors.Is(err, errNoAnswer) { // a container that has left the app's network can't be asked
		return err
	}
	if r.written(s, app.Name, out) && serves(ctx, qs, out.Generation) == nil {
		return nil
	}
	c, err := r.install(ctx, s, m, app, out, qs)
	if err != nil && c != nil {
		return errors.Join(err, r.undoOne(context.WithoutCancel(ctx), app.Name, c))
	}
	return err
}
