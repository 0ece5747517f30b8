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
	proxies  []value // where the app's proxies stand, in their order
}

// newDraft is a draft of an app of which only the place is known.
func newDraft(app release.App) *draft {
	app.Site = defaultSite()
	app.Policy = defaultPolicy()
	return &draft{app: app}
}

// keys are those of the file.
func (d *draft) keys() []key {
	return []key{
		set("app", &d.app.Name, appName(),
			"The app's name, which containers, networks and nginx's config carry: lower-case letters, digits and single dashes, 32 at most.").
			must("no app: name it, as in app: voda"),
		d.composeKey(),
		set("addresses", &d.app.Addresses, choice(
			word[release.Addresses]{"containers", release.AddressesContainers},
			word[release.Addresses]{"ports", release.AddressesPorts}),
			"Where nginx reaches the containers: at fixed addresses on the app's own network, or at loopback ports of this machine, which `services.NAME.ports` gives."),
		d.servicesKey(),
		custom("site", d.site().schema, d.readSite, "Where the app is served."),
		d.routesKey(),
		d.proxiesKey(),
		set("deploy", &d.app.Policy, d.policy(), "How a release goes."),
		d.notifyKey(),
	}
}

// read fills the draft from the whole file.
func (d *draft) read(root value) {
	if !root.isMapping() {
		root.mistyped("a mapping")
		return
	}
	root.object(d.keys())
	if len(d.app.Proxies) == 0 {
		d.app.Proxies = []release.Proxy{{Kind: release.ProxyStandalone}}
	}
	d.checkServices()
	d.checkRoutes()
	d.checkProxies()
	d.checkAdopted(root)
	d.checkCommand(root)
	d.checkAddresses(root)
	d.complete(root)
}

func appName() kind[string] {
	k := matched("app name", appForm, "an app name: a letter, then letters, digits and single dashes, 32 at most, all lower case")
	match := k.read
	k.read = func(v value) string {
		name := match(v)
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
		return name
	}
	k.schema = changed(k.schema, func(s *schema) { s.MaxLength = 32 })
	return k
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
	if !root.has("compose") {
		d.app.Compose = d.findCompose(root)
	}
}
