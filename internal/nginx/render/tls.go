package render

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
)

// tlsView is what the templates print of HTTPS.
type tlsView struct {
	Cert, Key, Sum string
	HTTP2          bool // as a directive
	Reject         bool // a handshake for an unknown host fails
	Redirect       int
	Port           string // ":8443" where HTTPS isn't at its usual port
	ACME           string
}

func newTLS(in Input) *tlsView {
	t := in.TLS
	if t == nil {
		return nil
	}
	v := &tlsView{
		Cert: t.Cert, Key: t.Key, Sum: t.Sum, Redirect: t.Redirect, ACME: t.ACME,
		HTTP2: t.HTTP2 && in.Version.since(namesHTTP2),
		// A client that goes to an address names no host in its handshake and
		// would be turned away with the unknown.
		Reject: in.Version.since(rejectsHandshakes) && !slices.ContainsFunc(in.App.Site.Hosts, isAddress),
	}
	if a, err := Address(t.Listen[0]); err == nil && a.Port() != 443 {
		v.Port = ":" + strconv.Itoa(int(a.Port()))
	}
	return v
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// listens are the arguments of the listen directives. Only in teal's own nginx
// does an app ask to be a port's default server: elsewhere it is somebody
// else's to choose.
func listens(in Input) (plain, secure []string) {
	last := ""
	if len(in.App.Site.Hosts) == 0 && in.Own {
		last = " default_server"
	}
	for _, l := range in.Listen {
		plain = append(plain, l+last)
	}
	if in.TLS == nil {
		return plain, nil
	}
	ssl := " ssl"
	if in.TLS.HTTP2 && !in.Version.since(namesHTTP2) {
		ssl += " http2"
	}
	for _, l := range in.TLS.Listen {
		secure = append(secure, l+ssl+last)
	}
	return plain, secure
}

// Redirects reports whether plain HTTP only leads to HTTPS.
func (v view) Redirects() bool { return v.TLS != nil && v.TLS.Redirect != 0 && len(v.Plain) > 0 }

// Certified reports whether an app's configuration was made for the certificate
// that this sum names (see server.tmpl).
func Certified(text []byte, sum string) bool {
	return bytes.Contains(text, []byte("\n    # Certificate "+sum+".\n"))
}
