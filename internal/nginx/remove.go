package nginx

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// Remove takes the app out of each proxy, waits until none serves it, and
// then removes all files of the app. Tables stay: they belong to no app, and
// another's may be about to link to one. An app that isn't there is removed
// already.
func (r *Router) Remove(ctx context.Context, app release.App) error {
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if app.Site.Adopted != nil {
		if err := r.unlink(app.Name); err != nil {
			return fmt.Errorf("give the site back to what served before: %w", err)
		}
	}
	subnets := append(r.subnets(app.Name), r.heard(app.Name)...)
	if err := r.Reopen(ctx, app, release.Network{}); err != nil {
		return err
	}
	for _, p := range app.Proxies {
		if err := r.removeFrom(ctx, app, p); err != nil {
			return fmt.Errorf("take %s out of the %s: %w", app.Name, p.Name(), err)
		}
	}
	_ = unguard(subnets) // who had no right to add them has none to remove
	if r.kept(app) {
		return errors.Join(lower(r.watch(app.Name)), lift(r.next(app.Name)))
	}
	// The link goes after the configuration: nginx would send everyone to
	// blue without it.
	if err := r.clear(app); err != nil {
		return fmt.Errorf("remove the app's nginx files: %w", err)
	}
	return nil
}

// clear removes all files of the app.
func (r *Router) clear(app release.App) error {
	errs := []error{lower(r.watch(app.Name))}
	for _, path := range []string{r.live(app.Name), r.next(app.Name)} {
		errs = append(errs, liftAll(path))
	}
	return errors.Join(append(errs, r.clearFolder(app))...)
}

// clearFolder empties the app's own folder, and removes it unless it may be
// mounted: a container would hold on to the removed one and never see the next.
func (r *Router) clearFolder(app release.App) error {
	if !housed(app) {
		return liftAll(r.app(app.Name))
	}
	found, err := filepath.Glob(filepath.Join(r.app(app.Name), "*"))
	for _, path := range found {
		if strings.HasPrefix(filepath.Base(path), "sites-") { // mounted as well, and empty by now
			continue
		}
		err = errors.Join(err, liftAll(path))
	}
	return err
}

// removeFrom takes the app out of one proxy: its files, and what the running
// nginx has in memory, which may be there though the files were removed.
func (r *Router) removeFrom(ctx context.Context, app release.App, p release.Proxy) error {
	s, err := r.server(ctx, app, p)
	if err != nil {
		return err
	}
	r.tidy(s, app.Name)
	if app.Site.Adopted != nil && len(r.includers(s, app.Name)) > 0 {
		return r.standBack(ctx, s, app)
	}
	m, running := s.running()
	if app.Site.Adopted != nil && s.box != nil && !running {
		return nil // what it includes can't be seen, and it would not start without
	}
	written := remains(r.conf(app.Name, s.place)) || s.site != "" && remains(s.site)
	if !written && !(running && r.loaded(m, app.Name)) {
		return nil
	}
	c, err := r.change(s, app.Name, render.Output{})
	if err != nil {
		return err
	}
	if len(c.before.listen) == 0 {
		c.served = append(c.served, routed{app: app.Name, listen: listenings(app, p)})
	}
	if err := r.takeOut(ctx, c); err != nil {
		return errors.Join(err, r.undoOne(context.WithoutCancel(ctx), app.Name, c))
	}
	return nil
}

func (r *Router) takeOut(ctx context.Context, c *change) error {
	for _, f := range c.files {
		if err := lift(f.path); err != nil {
			return err
		}
	}
	m, ok := c.server.running()
	if !ok {
		return nil
	}
	if err := r.mainstay(c.server); err != nil {
		return err
	}
	if err := c.server.sound(ctx); err != nil {
		return err
	}
	var qs []question
	if len(c.before.listen) > 0 {
		var err error
		if qs, err = r.questions(c.server, c.before.app, c.before.listen, c.before.hosts); err != nil {
			return err
		}
	}
	c.reloaded = true
	return r.gently(ctx, c.server, m, c.served, func(ctx context.Context) error {
		if r.loaded(m, c.before.app) {
			return fmt.Errorf("the %s still has the app's log open", c.server.name)
		}
		return gone(ctx, qs)
	})
}

// loaded reports whether the nginx has the app in memory, whatever became of
// the app's files: its master holds the app's log open for as long.
func (r *Router) loaded(m master, app string) bool {
	log := r.traffic(app)
	if root, err := filepath.EvalSymlinks(r.root); err == nil {
		log = filepath.Join(root, strings.TrimPrefix(log, r.root))
	}
	return opened(int(m), log) || opened(int(m), log+" (deleted)")
}

// gone asks whether no address answers about the app any more; that nobody
// listens there is as good.
func gone(ctx context.Context, qs []question) error {
	c := client(true)
	defer c.CloseIdleConnections()
	for _, q := range qs {
		if a, err := ask(ctx, c, q); err == nil {
			return fmt.Errorf("%s still serves the app, generation %s", q.addr, a.generation)
		}
	}
	return nil
}
