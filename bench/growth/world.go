package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"teal/bench/byhand"
	"teal/bench/stage"
	"teal/internal/journal"
	"teal/internal/nginx/render"
	"teal/internal/release"
)

// world is one nginx of teal's own with so many apps, and beside it one with
// as many sites written by hand. The last app is a whole stage: its journal
// has the others in it, and it can be switched.
type world struct {
	*stage.Stage
	apps       int
	crowd      []render.Input // what the other apps' configuration is made of
	master     int
	static     *byhand.Nginx
	staticAddr string
}

// newWorld builds it, on the processor of the proxy. The caller closes it.
func newWorld(ctx context.Context, core, apps int, net release.Network, port uint16, version string) (_ *world, err error) {
	w := &world{apps: apps}
	addr, err := stage.FreeAddr()
	if err != nil {
		return nil, err
	}
	w.Stage, err = stage.With(ctx, net, port, release.Site{Listen: []string{addr}, Hosts: []string{byhand.Host(apps)}})
	if err != nil {
		return nil, err
	}
	if err := w.furnish(ctx, core, version); err != nil {
		return nil, errors.Join(err, w.close(context.WithoutCancel(ctx)))
	}
	return w, nil
}

func (w *world) furnish(ctx context.Context, core int, version string) (err error) {
	if w.master, err = byhand.Single(ctx, w.proxy(), core); err != nil {
		return err
	}
	if err := w.settle(version); err != nil {
		return fmt.Errorf("settle %d apps: %w", w.apps, err)
	}
	if _, err := w.reload(ctx); err != nil {
		return err
	}
	if w.staticAddr, err = stage.FreeAddr(); err != nil {
		return err
	}
	if w.static, err = byhand.Sites(ctx, core, w.apps, w.staticAddr, w.At(release.Green)); err != nil {
		return err
	}
	return w.proved(ctx)
}

func (w *world) proxy() string { return filepath.Join(w.Root, "proxy") }

func (w *world) config() string { return filepath.Join(w.proxy(), "nginx.conf") }

// settle brings all apps but the last to where deploys would have: addresses
// and a release in the journal, configuration, the table of blue. A thousand
// deploys would reload nginx a thousand times.
func (w *world) settle(version string) (err error) {
	j, err := journal.Open(w.Root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for n := 1; n < w.apps; n++ {
		app := w.App
		app.Name, app.Site.Hosts = fmt.Sprintf("app-%04d", n), []string{byhand.Host(n)}
		raw := make([]byte, 16)
		if _, err := rand.Read(raw); err != nil {
			return err
		}
		in := render.Input{
			App: app, Network: w.Net, Place: "standalone", Own: true, Version: render.ParseVersion(version),
			Listen: app.Site.Listen, Root: w.Root, Token: hex.EncodeToString(raw), ColorHeader: true, AuthRequest: true,
		}
		w.crowd = append(w.crowd, in)
		if err := w.house(j, in); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) house(j *journal.Journal, in render.Input) error {
	out, err := render.Site(in)
	if err != nil {
		return err
	}
	dir := filepath.Join(w.Root, "apps", in.App.Name)
	return errors.Join(
		os.MkdirAll(dir, 0o755),
		os.MkdirAll(filepath.Join(w.Root, "flags", in.App.Name), 0o755),
		os.WriteFile(filepath.Join(dir, "token"), []byte(in.Token+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "standalone.conf"), out.Text, 0o600),
		os.Symlink("../tables/blue", filepath.Join(w.Root, "live", in.App.Name)),
		j.SaveNetwork(in.App.Name, in.Network),
		stage.Released(j, in.App, 1, release.Blue),
	)
}

// proved makes sure that what is measured is what teal would have made, and
// that every nginx passes requests on to the backend.
func (w *world) proved(ctx context.Context) error {
	for _, n := range slices.Compact([]int{1, (w.apps + 1) / 2, w.apps - 1}) {
		if n < 1 || n >= w.apps {
			continue
		}
		in := w.crowd[n-1]
		o, err := w.Router.Observe(ctx, in.App, in.Network)
		if err != nil {
			return err
		}
		if !o.Ready() || o.Table != release.TableFor(release.Blue) {
			return fmt.Errorf("%s is not as a deploy would have left it: %+v", in.App.Name, o)
		}
		if got := byhand.Answer(ctx, w.Addr(), byhand.Host(n)); got != string(release.Blue) {
			return fmt.Errorf("teal's nginx answers %q for %s", got, byhand.Host(n))
		}
	}
	for _, addr := range []string{w.Addr(), w.staticAddr} {
		if got := byhand.Answer(ctx, addr, byhand.Host(w.apps)); got != string(release.Green) {
			return fmt.Errorf("%s answers %q for %s, not the backend's green", addr, got, byhand.Host(w.apps))
		}
	}
	return nil
}

// reload reloads teal's nginx plainly: from the signal until new workers alone
// take connections.
func (w *world) reload(ctx context.Context) (time.Duration, error) {
	return byhand.Reload(ctx, w.master)
}

// text is the size of all configuration that nginx reads, in MiB.
func (w *world) text() (float64, error) {
	paths, err := filepath.Glob(filepath.Join(w.Root, "apps", "*", "standalone.conf"))
	if err != nil {
		return 0, err
	}
	var total int64
	for _, path := range append(paths, w.config()) {
		info, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return float64(total) / (1 << 20), nil
}

func (w *world) close(ctx context.Context) error {
	err := w.Stage.Close(ctx)
	if w.static != nil {
		err = errors.Join(err, w.static.Close(ctx))
	}
	return err
}
