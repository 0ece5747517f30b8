package config

import (
	"cmp"
	"net/netip"
	"slices"

	"teal/internal/release"
)

// proxyKinds are the proxies teal can drive.
var proxyKinds = []string{string(release.ProxyStandalone), string(release.ProxyHost), string(release.ProxyContainer)}

func proxyKind() kind[release.ProxyKind] {
	return choice(same(release.ProxyStandalone, release.ProxyHost, release.ProxyContainer)...)
}

func (d *draft) proxiesKey() key {
	return custom("proxy", proxySchema, d.readProxies,
		"The nginx in front of the app: `standalone` is a process of teal's own, `host` the machine's, `container` one in a container. A list is a chain, the outermost first; each is switched and asked whether it has.").
		usually("standalone")
}

func proxySchema() schema {
	one := either("kind of proxy, or a mapping", alone().schema(), proxy().schema())
	return either("kind of proxy, a mapping, or a list of them", alone().schema(), proxy().schema(), filled(one))
}

// alone is a kind that needs nothing else said.
func alone() kind[release.ProxyKind] {
	return choice(same(release.ProxyStandalone, release.ProxyHost)...)
}

// readProxies reads a kind, {kind, …}, or a list of them.
func (d *draft) readProxies(v value) {
	add := func(v value) {
		d.app.Proxies = append(d.app.Proxies, readProxy(v))
		d.proxies = append(d.proxies, v)
	}
	if !v.isList() {
		add(v)
		return
	}
	v.items(add)
	if len(v.node.Content) == 0 {
		v.refuse("%s: the list is empty: write %s", v.title(), alternatives(proxyKinds))
	}
}

func readProxy(v value) release.Proxy {
	if v.isMapping() {
		return proxy().read(v)
	}
	kind := proxyKind().read(v)
	if kind == release.ProxyContainer {
		v.refuse("%s: which container? write {kind: container, service: nginx} or {kind: container, container: NAME}", v.title())
	}
	return release.Proxy{Kind: kind}
}

func proxy() kind[release.Proxy] { return object(release.Proxy{}, proxyKeys, checkProxy) }

func proxyKeys(p *release.Proxy) []key {
	return []key{
		set("kind", &p.Kind, proxyKind(), "Which nginx it is.").
			must("no kind: write kind: standalone, kind: host or kind: container"),
		set("service", &p.Service, serviceName(), "container: the shared service of the compose files that is nginx."),
		set("container", &p.Container, matched("container name", containerForm, "a container's name: letters, digits, dots, dashes and underscores"),
			"container: the name of a container that somebody else runs. One of this and `service` is given."),
		set("bin", &p.Bin, absolute(), "standalone and host: nginx's binary.").usually("`nginx` from PATH"),
		set("config", &p.Config, absolute(), "host: nginx's main file.").usually("/etc/nginx/nginx.conf"),
		set("sites", &p.Sites, absolute(), "host and container: a folder whose files the main file includes.").usually("the `sites-enabled` or `conf.d` beside it"),
		set("listen", &p.Listen, addresses(), "Where this proxy listens, in place of `site.listen` and `site.tls.listen`. Of a chain, the outermost's is what clients use."),
		set("label", &p.Label, matched("label", proxyForm, "a label: a letter, then letters, digits and dashes, 32 at most, all lower case"),
			"Tells two proxies of one kind apart."),
	}
}

// proxyUses says for which kinds a key is.
var proxyUses = []struct {
	key   string
	kinds []release.ProxyKind
	why   string
}{
	{"bin", []release.ProxyKind{release.ProxyStandalone, release.ProxyHost}, "the container has its own nginx"},
	{"config", []release.ProxyKind{release.ProxyHost}, "only the host's nginx has a main file of yours"},
	{"sites", []release.ProxyKind{release.ProxyHost, release.ProxyContainer}, "teal writes its own nginx's config"},
	{"service", []release.ProxyKind{release.ProxyContainer}, "it is no container"},
	{"container", []release.ProxyKind{release.ProxyContainer}, "it is no container"},
}

func checkProxy(p *release.Proxy, v value) {
	if p.Kind == "" {
		return
	}
	for _, use := range proxyUses {
		if at := v.entry(use.key); at.written() && !slices.Contains(use.kinds, p.Kind) {
			at.refuse("%s: not for kind: %s: %s", at.title(), p.Kind, use.why)
		}
	}
	switch named := v.has("service") || v.has("container"); {
	case p.Kind == release.ProxyContainer && !named:
		v.refuse("%s: which container? write service: nginx, or container: NAME", v.title())
	case v.has("service") && v.has("container"):
		v.refuse("%s: service and container both name a container: keep one", v.title())
	}
}

// checkProxies refuses a chain in which two are one nginx, can't be told apart
// or can't both listen.
func (d *draft) checkProxies() {
	names, places, sockets := map[string]bool{}, map[string]bool{}, map[netip.AddrPort]string{}
	for i, at := range d.proxies {
		p := d.app.Proxies[i]
		if p.Kind == "" {
			continue
		}
		d.checkProxyService(p, at)
		switch place := placeOf(p); {
		case places[place]:
			at.refuse("%s: it is the same nginx as another of the chain: keep one", at.title())
		case names[p.Name()] && (p.Label != "" || !at.entry("label").written()):
			at.refuse("%s: a second %q: give it a label of its own, as in label: edge", at.title(), p.Name())
		case p.Kind != release.ProxyContainer:
			d.checkSockets(p, at, sockets)
		}
		names[p.Name()], places[placeOf(p)] = true, true
	}
}

// placeOf is what makes two proxies one nginx: the machine has one standalone
// nginx of teal's, and one host nginx to a main file.
func placeOf(p release.Proxy) string {
	switch p.Kind {
	case release.ProxyHost:
		return "host " + cmp.Or(p.Config, "/etc/nginx/nginx.conf")
	case release.ProxyContainer:
		return "service " + p.Service + " container " + p.Container
	}
	return string(p.Kind)
}

// checkProxyService refuses a proxy that would be stopped with its color.
func (d *draft) checkProxyService(p release.Proxy, at value) {
	if p.Service != "" && slices.Contains(d.serviceNames(), p.Service) {
		at = at.entry("service")
		at.refuse("%s: %q is a colored service; the nginx in front of both colors must be a shared one: take it out of services", at.title(), p.Service)
	}
}

// checkSockets refuses an address that two nginx of this machine would bind.
func (d *draft) checkSockets(p release.Proxy, at value, taken map[netip.AddrPort]string) {
	for _, l := range d.listens(p) {
		if other, twice := taken[socket(l)]; twice {
			at.refuse("%s: the %s and the %s both listen on %s: give the inner one its own, as in listen: [\"127.0.0.1:8081\"]", at.title(), other, p.Name(), l)
			return
		}
		taken[socket(l)] = p.Name()
	}
}
