package config

import (
	"path/filepath"

	"teal/internal/release"
)

// proxyKinds are the proxies teal can drive.
var proxyKinds = []string{string(release.ProxyStandalone), string(release.ProxyHost)}

// readProxies reads a kind, {kind, bin, config, sites}, or a list of them.
func (d *draft) readProxies(v value) {
	if !v.isList() {
		d.app.Proxies = []release.Proxy{readProxy(v)}
		return
	}
	v.items(func(v value) { d.app.Proxies = append(d.app.Proxies, readProxy(v)) })
	switch n := len(v.node.Content); {
	case n == 0:
		v.refuse("%s: the list is empty: write %s or %s", v.title(), proxyKinds[0], proxyKinds[1])
	case n > 1:
		v.refuse("%s: teal can't drive a chain of %d proxies yet: keep one", v.title(), n)
	}
}

func readProxy(v value) release.Proxy {
	if !v.isMapping() {
		return release.Proxy{Kind: readProxyKind(v)}
	}
	var p release.Proxy
	v.object(fields{
		"kind":   func(v value) { p.Kind = readProxyKind(v) },
		"bin":    func(v value) { p.Bin = readFile(v) },
		"config": func(v value) { p.Config = readFile(v) },
		"sites":  func(v value) { p.Sites = readFile(v) },
	})
	if !v.has("kind") {
		v.refuse("%s: no kind: write kind: %s or kind: %s", v.title(), proxyKinds[0], proxyKinds[1])
	}
	for _, key := range []string{"config", "sites"} {
		if v.has(key) && p.Kind == release.ProxyStandalone {
			v.refuse("%s: %s is for the host's nginx only: teal writes its own nginx's config", v.title(), key)
		}
	}
	return p
}

func readProxyKind(v value) release.ProxyKind { return release.ProxyKind(v.choice(proxyKinds...)) }

// readFile reads an absolute path in an alphabet that nginx's config can hold.
func readFile(v value) string {
	path, ok := v.match(fileForm, "an absolute path of letters, digits and - . _ + /")
	if !ok {
		return ""
	}
	if len(path) >= maxPath {
		v.refuse("%s: %d bytes are too many", v.title(), len(path))
	}
	return filepath.Clean(path)
}
