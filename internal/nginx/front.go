package nginx

import (
	"context"
	"net/netip"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// Front is where a process of this machine meets the app as a client does.
type Front struct {
	Addr netip.AddrPort
	TLS  bool
	Host string // for the handshake and the request
}

// Front is that of the outermost proxy: over HTTPS where plain HTTP only leads
// there.
func (r *Router) Front(ctx context.Context, app release.App) (Front, error) {
	s, err := r.server(ctx, app, app.Proxies[0])
	if err != nil {
		return Front{}, err
	}
	tls := app.TLSOf(s.proxy)
	for _, l := range listenings(app, s.proxy) {
		if tls != nil && tls.Redirect != 0 && !l.tls {
			continue
		}
		at, err := render.Address(l.at)
		if err != nil {
			return Front{}, err
		}
		if reached, ok := s.reach(at); ok {
			return Front{reached, l.tls, asHost(app.Site.Hosts)}, nil
		}
	}
	return Front{}, s.down()
}
