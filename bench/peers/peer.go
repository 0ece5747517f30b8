package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"time"

	"teal/internal/release"
)

// peer is a proxy that runs.
type peer struct {
	name          string
	live          release.Color // once it is started
	plain, secure string        // where clients meet it
	procs         []*proc       // whose processor time is the proxy's
	beside        []*proc       // what else requests pass through

	// flip sends new requests to a color, in the way that is usual for the
	// proxy; it returns when that way says it is done.
	flip func(context.Context, release.Color) error

	// decided is when the last flip had been decided on, nil if it was when it
	// began: teal looks around and plans before it decides.
	decided func() time.Time

	// down takes away what close doesn't know of.
	down func(context.Context) error
}

// maker makes a peer. up fills one that has its name and addresses.
type maker struct {
	name   string
	secure bool // it has TLS
	live   release.Color
	up     func(context.Context, *stand, *peer) error
}

// All makers. One of teal's comes first in each stand: it makes the certificate.
var (
	teal       = maker{"teal", true, release.Blue, upTeal}
	tealBlue   = maker{"teal, blue live", true, release.Blue, upTealAlone}
	tealGreen  = maker{"teal, green live", true, release.Green, upTealAlone}
	static     = maker{"nginx, static, tuned by hand", true, release.Blue, upStatic}
	service    = maker{"layout A: $service_url, docker-proxy", false, release.Blue, upServiceURL}
	leastConn  = maker{"layout B: least_conn", false, release.Blue, upLeastConn}
	haproxy    = maker{"HAProxy", true, release.Blue, upHAProxy}
	haproxyAPI = maker{"HAProxy, runtime API", false, release.Blue, upHAProxyAPI}
	caddy      = maker{"Caddy", true, release.Blue, upCaddy}
)

func (p *peer) said() string {
	var all []string
	for _, one := range append(p.procs, p.beside...) {
		all = append(all, one.said())
	}
	return strings.Join(all, "\n")
}

func (p *peer) close(ctx context.Context) error {
	var errs []error
	for _, one := range append(p.procs, p.beside...) {
		errs = append(errs, one.stop())
	}
	if p.down != nil {
		errs = append(errs, p.down(ctx))
	}
	return errors.Join(errs...)
}

// untrusting makes connections for one question each, and believes every
// certificate: the site's is its own.
func untrusting() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
}
