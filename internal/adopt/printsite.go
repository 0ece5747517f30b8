package adopt

import (
	"slices"
	"strings"

	"teal/internal/release"
)

// printAdopted writes the site of somebody's own server blocks.
func (p *Proposal) printAdopted(f *file) {
	site := p.App.Site
	f.line("site:", "")
	if len(site.Hosts) > 0 {
		f.line("  hosts: ["+quoted(site.Hosts)+"]", p.why("site.hosts"))
	}
	if len(site.Listen) > 0 {
		f.line("  listen: ["+quoted(site.Listen)+"]", p.why("site.listen"))
	}
	if t := site.TLS; t != nil {
		f.line("  tls:", p.why("site.tls"))
		f.line("    listen: ["+quoted(t.Listen)+"]", "")
		f.line("    cert: "+quote(t.Cert), "")
		f.line("    key: "+quote(t.Key), "")
	}
	f.line("  adopted:", "the server blocks are yours: teal writes what they include")
	f.line("    before:", "")
	for _, s := range p.App.Services {
		if before := site.Adopted.Before[s.Name]; before != "" {
			f.line("      "+quote(s.Name)+": "+quote(before), p.why("site.adopted.before."+s.Name))
		}
	}
	if site.Adopted.First != release.None {
		f.line("    first: "+string(site.Adopted.First), p.why("site.adopted.first"))
	}
	f.line("routes:", "what is routed, and what the witness asks; paths are nginx's own to decide")
	for _, r := range p.App.Routes {
		text := "  - {path: " + quote(r.Path) + ", to: " + quote(r.To)
		if r.Options.Balance != release.RoundRobin {
			text += ", options: {balance: " + string(r.Options.Balance) + "}"
		}
		f.line(text+"}", p.why("routes."+r.Path))
	}
	p.printProxies(f)
}

func (p *Proposal) printProxies(f *file) {
	if len(p.App.Proxies) == 1 {
		f.line("proxy: "+proxyText(p.App.Proxies[0]), p.why("proxy"))
		return
	}
	f.line("proxy:", p.why("proxy"))
	for _, x := range p.App.Proxies {
		f.line("  - "+proxyText(x), "")
	}
}

// proxyText is a proxy as teal.yaml has it.
func proxyText(x release.Proxy) string {
	keys := []string{"kind: " + string(x.Kind)}
	for _, k := range [][2]string{
		{"service", x.Service}, {"container", x.Container}, {"bin", x.Bin}, {"config", x.Config}, {"sites", x.Sites}, {"label", x.Label},
	} {
		if k[1] != "" {
			keys = append(keys, k[0]+": "+quote(k[1]))
		}
	}
	if len(x.Listen) > 0 {
		keys = append(keys, "listen: ["+quoted(x.Listen)+"]")
	}
	if slices.Equal(keys, []string{"kind: " + string(x.Kind)}) && x.Kind != release.ProxyContainer {
		return string(x.Kind)
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
