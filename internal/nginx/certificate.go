package nginx

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// certificate is what is wrong with the site's certificate, nil where nothing
// is. had reports that a deploy makes nothing worse: nginx was given this very
// certificate when it was good, and since then its time has run out. That deploy
// may be the one that mends what matters more.
func (r *Router) certificate(s server, app release.App, now time.Time) (fault *release.Error, had bool) {
	t := app.TLSOf(s.proxy)
	if t == nil {
		return nil, false
	}
	cert, key := r.pair(app.Name, t)
	if t.SelfSigned && remains(cert) != remains(key) {
		return halfPair(cert, key), false
	}
	if t.SelfSigned && (!remains(cert) || due(cert, app.Site.Hosts, now)) {
		return nil, false // teal makes both
	}
	leaf, err := release.ReadCertificate(cert, key, s.sight)
	theirs := app.Site.Adopted != nil // nginx has it, and nginx -t judges the files that it names
	if errors.As(err, &fault) {
		if theirs || errors.Is(err, errUnseen) {
			return nil, false
		}
		return fault, false
	}
	fault = release.Untimely(leaf, cert, now)
	return fault, fault != nil && (theirs || r.took(s, app))
}

// errUnseen is a file in a container that only a process in there can read.
var errUnseen = errors.New("it is behind a link that leads out of what this machine sees of the container")

// sight reads a file as this nginx sees it. What a container has mounted is
// found here as well, under the same path.
func (s server) sight(path string) ([]byte, error) {
	text, err := s.files.read(path)
	if err == nil || s.files.root == "" {
		return text, err
	}
	if text, err := os.ReadFile(path); err == nil {
		return text, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, errUnseen
	}
	return nil, err
}

// took reports whether the configuration on disk, which nginx has passed, is
// made for the certificate as it is.
func (r *Router) took(s server, app release.App) bool {
	t, err := r.tls(app, s.proxy)
	if err != nil || t == nil {
		return false
	}
	text, err := os.ReadFile(r.conf(app.Name, s.place))
	return err == nil && render.Certified(text, t.Sum)
}

// heed judges the certificate before anything begins: it keeps a deploy from
// beginning, or is only told where nginx won't be given it anew.
func (r *Router) heed(p *release.ProxyState, s server, app release.App) {
	fault, had := r.certificate(s, app, time.Now())
	switch {
	case fault == nil:
	case had || p.Current():
		p.Notes = append(p.Notes, s.name+": "+fault.Error()+"; "+fault.Next)
	case p.Blocked == nil:
		fault.Next += ", then run the same command again"
		p.Blocked = fault
	}
}
