package nginx

import (
	"context"
	"strings"

	"teal/internal/release"
)

// Built tells how an nginx of the app's chain was built: the words of its
// configure arguments, as nginx -V has them. That is asked where it runs, in
// its container too; of a container that doesn't run it is not known.
func (r *Router) Built(ctx context.Context, app release.App, p release.Proxy) ([]string, error) {
	s, err := r.server(ctx, app, p)
	if err != nil || s.path == "" {
		return nil, err
	}
	ask := func() ([]byte, error) { return run(ctx, s.path, "-V") }
	if s.box != nil {
		ask = func() ([]byte, error) { return s.box.run(ctx, s.path, "-V") }
	}
	out, err := ask()
	if err != nil {
		return nil, unusable(s.path, out, err)
	}
	_, options, _ := strings.Cut(string(out), "configure arguments:")
	return strings.Fields(options), nil
}
