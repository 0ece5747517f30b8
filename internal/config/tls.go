package config

import "teal/internal/release"

// tls is how the site serves HTTPS. Whether the files are there and fit is
// asked by nginx and by the doctor.
func tls(dir string) kind[release.TLS] {
	usual := release.TLS{Listen: []string{"443"}, HTTP2: true}
	return object(usual, func(t *release.TLS) []key { return tlsKeys(t, dir) }, func(t *release.TLS, v value) {
		if len(t.Listen) == 0 {
			t.Listen = usual.Listen
		}
		if t.Cert != "" && t.Cert == t.Key && t.SelfSigned {
			v.refuse("%s: cert and key are one file: teal makes two", v.title())
		}
	})
}

func tlsKeys(t *release.TLS, dir string) []key {
	return []key{
		set("listen", &t.Listen, addresses(), "Where nginx listens for HTTPS, as `site.listen`."),
		set("cert", &t.Cert, beside(dir), "The certificate and its chain, a PEM file.").
			must("no cert: name a PEM file, as in cert: tls/site.pem"),
		set("key", &t.Key, beside(dir), "The certificate's private key, a PEM file.").
			must("no key: name a PEM file, as in key: tls/site.key"),
		set("self_signed", &t.SelfSigned, toggle(), "Whether teal makes a self-signed certificate at `cert` and `key` where they are missing."),
		set("http2", &t.HTTP2, toggle(), "Whether HTTP/2 is spoken."),
		set("acme", &t.ACME, beside(dir), "A folder whose files answer `/.well-known/acme-challenge/` in plain HTTP, for an ACME client that puts them there."),
	}
}
