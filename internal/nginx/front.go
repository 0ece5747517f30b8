package nginx

import (
	"context"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// Front is that of the outermost proxy: over HTTPS where plain HTTP only leads
// there.
func (r *Router) Front(ctx context.Context, app release.App) (release.Front, error) {
	s, err := r.server(ctx, app, app.Proxies[0])
	if err != nil {
		return release.Front{}, err
	}
	tls := app.TLSOf(s.proxy)
	for _, l := range listenings(app, s.proxy) {
		if tls != nil && tls.Redirect != 0 && !l.tls {
			continue
		}
		at, err := render.Address(l.at)
		if err != nil {
			return release.Front{}, err
		}
		if reached, ok := s.reach(at); ok {
			return release.Front{Addr: reached, TLS: l.tls, Host: asHost(app.Site.Hosts)}, nil
		}
	}
	return release.Front{}, s.down()
}
