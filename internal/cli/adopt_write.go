package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"teal/internal/adopt"
	"teal/internal/compose"
	"teal/internal/config"
	"teal/internal/nginx"
	"teal/internal/release"
)

// written is what a proposal has put on disk, each with the way back.
type written struct {
	made    []string // files that weren't there
	patched []string // files of nginx's
	undo    []func() error
}

// did remembers the way back of a step.
func (w *written) did(undo func() error) { w.undo = append(w.undo, undo) }

// back undoes all of it, the last first.
func (w *written) back() error {
	var all []error
	for _, undo := range slices.Backward(w.undo) {
		all = append(all, undo())
	}
	return errors.Join(all...)
}

// writeProposal writes teal.yaml and, where a site is adopted, teal's files and
// the patched ones of nginx: all of them, or none.
func (g *globals) writeProposal(ctx context.Context, target string, f found, p *adopt.Proposal) (*written, error) {
	if err := free(target); err != nil {
		return nil, err
	}
	if err := badCertificate(certificates(p, time.Now())); err != nil {
		return nil, err
	}
	w := &written{}
	err := g.writeAll(ctx, w, target, f, p)
	if err == nil {
		return w, nil
	}
	undone := w.back()
	return nil, putBack(err, undone)
}

func (g *globals) writeAll(ctx context.Context, w *written, target string, f found, p *adopt.Proposal) error {
	if p.Extra != "" {
		if err := w.create(filepath.Join(extraDir(f), adopt.Extra), p.Extra); err != nil {
			return err
		}
	}
	draft, app, err := drafted(target, p.YAML())
	if err != nil {
		return err
	}
	defer os.Remove(draft)
	if app.Site.Adopted == nil {
		return w.link(draft, target)
	}
	router, engine, err := g.routerOf(ctx, app)
	if err != nil {
		return err
	}
	defer router.Close()
	if engine != nil {
		defer engine.Close()
	}
	if err := router.Tests(ctx, app); err != nil {
		return err
	}
	if err := w.link(draft, target); err != nil {
		return err
	}
	return w.adopt(ctx, router, app, p)
}

// adopt writes what nginx reads, and asks nginx whether it can.
func (w *written) adopt(ctx context.Context, router *nginx.Router, app release.App, p *adopt.Proposal) error {
	made, undo, err := router.Adopt(ctx, app)
	if err != nil {
		return err
	}
	w.did(undo)
	w.made = append(w.made, made...)
	for _, c := range p.Changes {
		if c.Host == "" {
			continue // a person has to: a note says where
		}
		if err := w.patch(c); err != nil {
			return err
		}
	}
	return router.Tests(ctx, app)
}

// routerOf is nginx as the app's chain has it; engine is nil where no container
// is in it.
func (g *globals) routerOf(ctx context.Context, app release.App) (*nginx.Router, *compose.Engine, error) {
	root, err := g.root()
	if err != nil {
		return nil, nil, err
	}
	router, err := nginx.New(root)
	if err != nil {
		return nil, nil, err
	}
	if !slices.ContainsFunc(app.Proxies, func(p release.Proxy) bool { return p.Kind == release.ProxyContainer }) {
		return router, nil, nil
	}
	engine, err := compose.New(ctx, root)
	if err != nil {
		router.Close()
		return nil, nil, err
	}
	router.Use(engine.Proxies())
	return router, engine, nil
}

func extraDir(f found) string {
	if len(f.survey.Files) > 0 {
		return filepath.Dir(f.survey.Files[0])
	}
	return f.dir
}

// drafted writes teal.yaml under another name and reads it back, so what init
// writes can be deployed.
func drafted(target, text string) (draft string, app release.App, err error) {
	f, err := os.CreateTemp(filepath.Dir(target), ".teal-*.yaml")
	if err != nil {
		return "", app, unwritten(target, err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return f.Name(), app, errors.Join(unwritten(target, err), os.Remove(f.Name()))
	}
	if app, err = config.Load(f.Name()); err != nil {
		return "", app, errors.Join(fmt.Errorf("read the proposal back: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), app, nil
}

// link gives the draft its name, whole or not at all, and only where there is
// none: a link to a name that is taken fails, whoever took it and when.
func (w *written) link(draft, target string) error {
	if err := os.Link(draft, target); errors.Is(err, fs.ErrExist) {
		return taken(target)
	} else if err != nil {
		return unwritten(target, err)
	}
	w.did(func() error { return os.Remove(target) })
	w.made = append(w.made, target)
	return nil
}

// create writes a file that isn't there yet.
func (w *written) create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	if err != nil {
		return unwritten(path, err)
	}
	w.did(func() error { return os.Remove(path) })
	w.made = append(w.made, path)
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return unwritten(path, err)
	}
	return nil
}

// patch replaces a file of nginx's by the patched one.
func (w *written) patch(c adopt.Change) error {
	now, err := os.ReadFile(c.Host)
	if err != nil || string(now) != c.Before {
		return &release.Error{Code: release.Invalid, What: c.Host + " is not what was read a moment ago", Next: "run teal init again", Err: err}
	}
	if err := replace(c.Host, c.After); err != nil {
		return &release.Error{Code: release.Invalid, What: "can't write " + c.Host, Next: "sudo teal init --write, or put it where it can be written", Err: err}
	}
	w.did(func() error { return replace(c.Host, c.Before) })
	w.patched = append(w.patched, c.Host)
	return nil
}

// replace writes a file whole, by a name that no include of nginx's matches,
// and leaves its mode and owner as they are.
func replace(path, text string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".teal-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), own(f.Name(), info), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// putBack says what a failed write left: nothing, or what could not be undone.
func putBack(err, undone error) error {
	var known *release.Error
	if !errors.As(err, &known) {
		return errors.Join(err, undone)
	}
	told := *known
	told.State = "nothing was written: every file is as it was"
	if undone != nil {
		told.State = "not all could be put back: " + undone.Error()
	}
	return &told
}
