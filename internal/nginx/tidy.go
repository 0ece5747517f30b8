package nginx

import (
	"context"
	"path/filepath"

	"teal/internal/release"
)

// Tidy takes away what a killed teal has left beside the files of each nginx:
// see release.Routing.Leftovers. Nobody else may be at work on the app.
func (r *Router) Tidy(ctx context.Context, app release.App) error {
	unlock, err := r.exclusive(ctx) // which takes the flags away
	if err != nil {
		return err
	}
	defer unlock()
	if err := r.Reopen(ctx, app, release.Network{}); err != nil {
		return err
	}
	for _, p := range app.Proxies {
		s, err := r.server(ctx, app, p)
		if err != nil {
			return err
		}
		r.tidy(s, app.Name)
	}
	return nil
}

// tidy takes away what lies beside the files of one nginx. What can't be
// removed is in nobody's way.
func (r *Router) tidy(s server, app string) {
	r.rehearsalOf(s, app).clean(s)
	for _, path := range r.drafts(s, app) {
		_ = lift(path)
	}
}

// stale are files that a killed teal has left: the flags that make nginx close
// each connection, what it rehearsed with, and drafts of the app's files.
func (r *Router) stale(s server, app string) []string {
	h := r.rehearsalOf(s, app)
	var list []string
	for _, path := range []string{r.closing(s.place), r.closingOf(s.place, app), h.staged} {
		if remains(path) {
			list = append(list, path)
		}
	}
	if h.main != "" && s.files.remains(h.main) {
		list = append(list, h.main)
	}
	return append(list, r.drafts(s, app)...)
}

// drafts are files that a writer would have renamed: the name with a dot
// before it and a number behind it (renameio.TempFile).
func (r *Router) drafts(s server, app string) []string {
	var list []string
	for _, path := range []string{r.conf(app, s.place), s.site} {
		if path == "" {
			continue
		}
		found, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"[0-9]*")) // the pattern is well formed
		list = append(list, found...)
	}
	return list
}
