package nginx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"teal/internal/release"
)

// Up makes teal's own nginx run where the app uses it. The machine's nginx is
// not teal's to start: where it doesn't run, the error says so.
func (r *Router) Up(ctx context.Context, app release.App) error {
	for _, p := range app.Proxies {
		s, err := r.server(ctx, app, p)
		if err != nil {
			return err
		}
		if _, ok := s.running(); ok {
			continue
		}
		if p.Kind != release.ProxyStandalone {
			return s.down()
		}
		if err := r.start(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// ProxyUp starts teal's own nginx, with no app at all if there is none yet.
// bin is the nginx program, "" for the usual one.
func (r *Router) ProxyUp(ctx context.Context, bin string) (err error) {
	defer func() { err = r.rightful("up", err) }()
	s, err := r.standalone(ctx, release.Proxy{Bin: bin})
	if err != nil {
		return err
	}
	return r.start(ctx, s)
}

// start starts teal's own nginx unless it runs. It becomes a daemon in a
// session of its own, so neither our end nor a Ctrl-C reaches it.
func (r *Router) start(ctx context.Context, s server) error {
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := s.running(); ok {
		return nil
	}
	if err := errors.Join(s.passable(r.root), r.lay()); err != nil {
		return err
	}
	if err := s.dismiss(ctx); err != nil {
		return err
	}
	if err := s.sound(ctx); err != nil {
		return err
	}
	out, err := s.run(ctx, s.main)
	if err != nil {
		return s.failed(lines(out), err)
	}
	return s.settled(ctx)
}

// dismiss sends orphans away: workers whose master was killed go on serving
// and keep the ports. They are ours if they write to our error log.
func (s server) dismiss(ctx context.Context) error {
	orphans := holders(s.errorLog, titleWorker)
	if err := quit(orphans); err != nil {
		return fmt.Errorf("end the workers of a killed nginx: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	err := poll(ctx, 5*time.Millisecond, func() bool { return !slices.ContainsFunc(orphans, accepts) })
	if err != nil {
		return fmt.Errorf("wait for the workers of a killed nginx: %w", err)
	}
	return nil
}

// settled waits until the master has workers.
func (s server) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	err := poll(ctx, 5*time.Millisecond, func() bool {
		m, ok := s.running()
		return ok && len(m.workers()) > 0
	})
	if err != nil {
		return s.failed(tail(s.errorLog, 0), err)
	}
	return nil
}

// failed is the error of an nginx that doesn't start.
func (s server) failed(says []string, err error) error {
	says = s.withHolders(says)
	return &release.Error{
		Code: release.Unreachable, What: "the " + s.name + " does not start",
		Detail: says, Next: unbound(says, "see "+s.log()), Err: err,
	}
}

// ProxyDown stops teal's own nginx; where it doesn't run there is nothing to
// do. While apps are served by it that takes force. Requests in flight are
// finished for up to ten seconds.
func (r *Router) ProxyDown(ctx context.Context, bin string, force bool) (err error) {
	defer func() { err = r.rightful("down", err) }()
	s, err := r.standalone(ctx, release.Proxy{Bin: bin})
	if err != nil {
		return err
	}
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	m, ok := s.running()
	if !ok {
		return s.dismiss(ctx)
	}
	if err := r.mayStop(force); err != nil {
		return err
	}
	return s.stop(ctx, m)
}

func (r *Router) mayStop(force bool) error {
	apps, err := r.routed(string(release.ProxyStandalone))
	if err != nil || len(apps) == 0 || force {
		return err
	}
	e := &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("teal's nginx serves %d apps, which would be cut off", len(apps)),
		Next: "take them away with teal down first, or force it: teal proxy down --force",
	}
	if len(apps) == 1 {
		e.What = "teal's nginx serves an app, which would be cut off"
	}
	for _, a := range apps {
		e.Detail = append(e.Detail, a.app)
	}
	return e
}

func (s server) stop(ctx context.Context, m master) error {
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGTERM} {
		if err := m.signal(sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the %s: %w", s.name, err)
		}
		wait, cancel := context.WithTimeout(ctx, quitLimit)
		err := poll(wait, 5*time.Millisecond, func() bool { return !m.alive() })
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return &release.Error{
		Code: release.Unreachable, What: fmt.Sprintf("the %s (pid %d) does not stop", s.name, m),
		Next: "see " + s.log(),
	}
}
