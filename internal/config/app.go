package config

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"teal/internal/release"
)

// draft is an app while it is read: the values, and where those stand that
// are checked against each other once the whole file is known.
type draft struct {
	app      release.App
	services []serviceDraft
	routes   []routeDraft
}

// read fills the draft from the whole file.
func (d *draft) read(root value) {
	if !root.isMapping() {
		root.mistyped("a mapping")
		return
	}
	d.app.Policy = defaultPolicy()
	root.object(fields{
		"app":      d.readName,
		"compose":  d.readCompose,
		"services": d.readServices,
		"site":     d.readSite,
		"routes":   d.readRoutes,
		"proxy":    d.readProxies,
		"deploy":   d.readPolicy,
	})
	d.demand(root)
	d.checkServices()
	d.checkRoutes()
	d.checkAddresses(root)
	d.complete(root)
}

// demand refuses a file that lacks what no default can stand for.
func (d *draft) demand(root value) {
	if !root.has("app") {
		root.refuse("no app: name it, as in app: voda")
	}
	if !root.has("services") {
		root.refuse("no services: list those that run once per color, as in services: {web: {port: 8080}}")
	}
}

func (d *draft) readName(v value) {
	name, ok := v.match(appForm, "an app name: a letter, then letters, digits and single dashes, 32 at most, all lower case")
	if !ok {
		return
	}
	if len(name) > 32 {
		v.refuse("%s: %q is longer than 32 letters", v.title(), name)
	}
	// The colors of an app voda are compose projects voda-blue and voda-green;
	// an app of such a name would share containers with it.
	for _, c := range release.Colors {
		if strings.HasSuffix(name, "-"+string(c)) {
			v.refuse("%s: %q ends like the color of another app: leave -%s off", v.title(), name, c)
		}
	}
	d.app.Name = name
}

// checkAddresses refuses more replicas than an app's network has addresses.
// The subnet is documentation's own (RFC 5737): only its size matters here.
func (d *draft) checkAddresses(root value) {
	services := make([]release.Service, 0, len(d.services))
	total := 0
	for _, s := range d.services {
		services = append(services, s.Service)
		total += s.Replicas
	}
	network := release.Network{Subnet: netip.MustParsePrefix("192.0.2.0/24")}
	if _, err := network.Assign(services); err != nil {
		root.refuse("%d replicas in all are too many: both colors must fit in the app's network, which has 126 addresses", total)
	}
}

// complete fills in the defaults that need the whole file, in the order
// release.App promises.
func (d *draft) complete(root value) {
	for _, s := range d.services {
		d.app.Services = append(d.app.Services, s.Service)
	}
	for _, r := range d.routes {
		d.app.Routes = append(d.app.Routes, r.Route)
	}
	slices.SortFunc(d.app.Services, func(a, b release.Service) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.app.Routes, func(a, b release.Route) int {
		return cmp.Or(len(b.Path)-len(a.Path), cmp.Compare(a.Path, b.Path))
	})
	if len(d.app.Site.Listen) == 0 {
		d.app.Site.Listen = []string{"80"}
	}
	if len(d.app.Proxies) == 0 {
		d.app.Proxies = []release.Proxy{{Kind: release.ProxyStandalone}}
	}
	if !root.has("compose") {
		d.app.Compose = d.findCompose(root)
	}
}
