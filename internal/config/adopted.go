package config

import (
	"net/netip"
	"regexp"
	"slices"

	"teal/internal/release"
)

// upstreamForm is the name of an upstream block that somebody else wrote.
var upstreamForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func adopted() kind[release.Adopted] {
	return object(release.Adopted{}, func(a *release.Adopted) []key {
		return []key{
			custom("before", beforeSchema, func(v value) { a.Before = readBefore(v) },
				"What served each routed service before teal did, and serves while no release lives: the name of an upstream of the same nginx, or an address with a port.").
				usually("502 is answered until the first release"),
			set("first", &a.First, choice(same(release.Blue, release.Green)...),
				"The color of the first release, where what served before has the ports of the other.").usually("blue"),
		}
	}, nil)
}

func beforeSchema() schema {
	to := schema{Title: "upstream's name, or address with a port", Type: "string", Pattern: `^([A-Za-z0-9][A-Za-z0-9._-]*|[0-9.]+:[0-9]+|\[[0-9a-fA-F:.]+\]:[0-9]+)$`}
	return named("SERVICE", serviceForm.String(), to)
}

func readBefore(v value) map[string]string {
	all := map[string]string{}
	v.entries(func(key, entry value) {
		s, ok := entry.text()
		if at, err := netip.ParseAddrPort(s); err == nil && at.Addr().Zone() == "" && at.Port() != 0 {
			all[key.node.Value] = at.String()
			return
		}
		if ok && !upstreamForm.MatchString(s) {
			entry.refuse("%s: %q is neither the name of an upstream nor an address with a port: write 127.0.0.1:8080 or [::1]:8080", entry.title(), s)
			return
		}
		all[key.node.Value] = s
	})
	return all
}

// Of an adopted site everything else is said in nginx's own files.
var (
	notOfSite    = []string{"redirect", "trusted_proxies", "error_pages", "gzip", "access_log"}
	notOfTLS     = []string{"self_signed", "acme", "http2"}
	notOfRoute   = []string{"files", "strip", "max_body"}
	ofItsOptions = []string{"balance"}
)

// checkAdopted refuses what teal would have to write into a server block that
// is not its own, and services that it could not tell apart there.
func (d *draft) checkAdopted(root value) {
	a := d.app.Site.Adopted
	if a == nil {
		return
	}
	site := root.entry("site")
	notOurs(site, notOfSite)
	notOurs(site.entry("tls"), notOfTLS)
	for _, r := range d.routes {
		notOurs(r.at, notOfRoute)
		notOurs(r.at.entry("options"), othersThan(ofItsOptions, r.at.entry("options")))
	}
	d.checkBefore(site.entry("adopted").entry("before"))
	d.checkVariables()
	for i, p := range d.app.Proxies {
		if p.Kind != release.ProxyStandalone {
			continue
		}
		at := root
		if i < len(d.proxies) {
			at = d.proxies[i]
		}
		at.refuse("proxy: an adopted site stands in an nginx that is not teal's own: write proxy: host, or proxy: {kind: container, service: nginx}")
	}
}

func notOurs(at value, keys []string) {
	for _, key := range keys {
		if one := at.entry(key); one.written() {
			one.refuse("%s: the site is adopted: write it in nginx's own file", one.title())
		}
	}
}

// othersThan are the mapping's keys but for those.
func othersThan(known []string, at value) []string {
	var keys []string
	if at.written() && at.isMapping() {
		for i := 0; i < len(at.node.Content); i += 2 {
			if key := at.node.Content[i].Value; !slices.Contains(known, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (d *draft) checkBefore(v value) {
	if !v.written() || !v.isMapping() {
		return
	}
	for i := 0; i < len(v.node.Content); i += 2 {
		name := v.node.Content[i].Value
		at := v.entry(name)
		switch {
		case !slices.Contains(d.serviceNames(), name):
			at.refuse("%s: no service %q in services: %s", at.title(), name, suggest(name, d.serviceNames()))
		case !d.routed(name):
			at.refuse("%s: no route leads to service %q: take it out, or write a route", at.title(), name)
		}
	}
}

func (d *draft) routed(service string) bool {
	return slices.ContainsFunc(d.routes, func(r routeDraft) bool { return r.To == service })
}

// checkVariables refuses two services that are one variable in nginx.
func (d *draft) checkVariables() {
	seen := map[string]string{}
	for _, s := range d.services {
		v := release.Variable(d.app.Name, s.Name)
		if other, twice := seen[v]; twice && d.routed(s.Name) {
			s.at.refuse("services %q and %q are one variable in nginx ($%s): rename one", other, s.Name, v)
		}
		if d.routed(s.Name) {
			seen[v] = s.Name
		}
	}
}
