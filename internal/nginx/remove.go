package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"

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
	for _, p := range app.Proxies {
		if err := r.removeFrom(ctx, app.Name, p); err != nil {
			return fmt.Errorf("take %s out of the %s: %w", app.Name, p.Name(), err)
		}
	}
	// The link goes after the configuration: nginx would send everyone to
	// blue without it.
	for _, path := range []string{r.live(app.Name), r.next(app.Name), r.flags(app.Name), r.app(app.Name)} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the app's nginx files: %w", err)
		}
	}
	return nil
}

func (r *Router) removeFrom(ctx context.Context, app string, p release.Proxy) error {
	s, err := r.server(ctx, app, p)
	if err != nil {
		return err
	}
	if !remains(r.conf(app, s.kind)) && (s.site == "" || !remains(s.site)) {
		return nil
	}
	c, err := r.change(s, app, render.Output{})
	if err != nil {
		return err
	}
	if err := r.takeOut(ctx, c); err != nil {
		return errors.Join(err, r.undoOne(context.WithoutCancel(ctx), app, c))
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
	if err := c.server.sound(ctx); err != nil {
		return err
	}
	qs, err := r.questions(c.before.app, c.before.listen, c.before.hosts)
	if err != nil {
		return err
	}
	c.reloaded = true
	return r.gently(ctx, c.server, m, c.served, func(ctx context.Context) error { return gone(ctx, qs) })
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
