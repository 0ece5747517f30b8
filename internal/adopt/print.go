package adopt

import (
	"fmt"
	"strings"

	"teal/internal/release"
)

// YAML is the proposal as teal.yaml, each decision with its reason beside it.
func (p *Proposal) YAML() string {
	var f file
	f.line("# Proposed by teal init from "+p.sources()+".", "")
	f.line("app: "+quote(p.App.Name), p.why("app"))
	p.printCompose(&f)
	p.printServices(&f)
	p.printShared(&f)
	p.printSite(&f)
	if c := p.App.Policy.Command; c != nil {
		f.line("deploy:", "")
		f.line("  release: {service: "+quote(c.Service)+", command: ["+quoted(c.Argv)+"]}", p.why("deploy.release"))
	}
	return f.String()
}

func (p *Proposal) printCompose(f *file) {
	if p.pair == nil {
		if len(p.Compose) > 0 {
			f.line("compose: {files: ["+quoted(p.Compose)+"]}", "")
		}
		return
	}
	f.line("compose:", p.why("compose"))
	if len(p.Compose) > 0 {
		f.line("  shared: ["+quoted(p.Compose)+"]", "")
	}
	for _, c := range release.Colors {
		f.line("  "+string(c)+": ["+quoted(p.pair.Files[c])+"]", "")
	}
	if p.App.Addresses == release.AddressesPorts {
		f.line("addresses: ports", p.why("addresses"))
	}
}

func (p *Proposal) sources() string {
	var names []string
	for _, path := range p.survey.Files {
		names = append(names, path[strings.LastIndexAny(path, `/\`)+1:])
	}
	return clean(strings.Join(names, ", "))
}

func (p *Proposal) printServices(f *file) {
	f.line("services:", "run once per color, blue beside green")
	for _, s := range p.App.Services {
		key := "services." + s.Name
		fields := p.fields(s)
		if len(fields) == 0 {
			f.line("  "+quote(s.Name)+": {}", p.why(key))
			f.line("    # "+p.why(key+".health"), "")
			continue
		}
		f.line("  "+quote(s.Name)+":", p.why(key))
		for _, field := range fields {
			f.line("    "+field.text, p.why(key+"."+field.key))
		}
		if s.Health.Kind == "" {
			f.line("    # "+p.why(key+".health"), "")
		}
	}
}

type field struct{ key, text string }

func (p *Proposal) fields(s release.Service) []field {
	var list []field
	if s.Port > 0 {
		list = append(list, field{"port", "port: " + itoa(s.Port)})
	}
	if s.Replicas > 1 {
		list = append(list, field{"replicas", "replicas: " + itoa(s.Replicas)})
	}
	if names := ownNames(s); names != "" {
		list = append(list, field{"compose", "compose: {" + names + "}"})
	}
	if s.Handoff != "" {
		list = append(list, field{"handoff", "handoff: " + string(s.Handoff)})
	}
	if s.Health.Kind == release.HealthDocker {
		text := "health: {docker: true}"
		if s.Health.Timeout > 0 {
			text = fmt.Sprintf("health: {docker: true, timeout: %ds}", int(s.Health.Timeout.Seconds()))
		}
		list = append(list, field{"health", text})
	}
	return list
}

// ownNames are a service's names in the colors' own files, "" where they are
// its own.
func ownNames(s release.Service) string {
	if s.Names == nil && s.Each == nil {
		return ""
	}
	var list []string
	for _, c := range release.Colors {
		name := quote(s.NameIn(c))
		if len(s.Each[c]) > 0 {
			name = "[" + quoted(s.Each[c]) + "]"
		}
		list = append(list, string(c)+": "+name)
	}
	return strings.Join(list, ", ")
}

func (p *Proposal) printShared(f *file) {
	if len(p.Shared) > 0 {
		f.line("# Shared by both colors, never recreated by a release:", "")
	}
	for _, name := range p.Shared {
		f.line("#   "+clean(name), p.why("shared."+name))
	}
}

func (p *Proposal) printSite(f *file) {
	if len(p.App.Routes) == 0 {
		f.line("# No service has a port: nothing is served, so there are no routes.", "")
		p.printUnrouted(f)
		return
	}
	if p.App.Site.Adopted != nil {
		p.printAdopted(f)
		return
	}
	f.line("site:", "")
	f.line("  listen: ["+quoted(p.App.Site.Listen)+"]", p.why("site.listen"))
	f.line("  # hosts: ["+p.App.Name+".example]", "the names that clients use; without, any name is answered")
	f.line("routes:", "")
	for _, r := range p.App.Routes {
		f.line("  - {path: "+quote(r.Path)+", to: "+quote(r.To)+"}", p.why("routes."+r.Path))
	}
	for _, r := range p.Maybe {
		f.line("  # - {path: "+quote(r.Path)+", to: "+quote(r.To)+"}", "publishes no port: clients don't reach it now")
	}
	p.printProxies(f)
}

// printUnrouted names an nginx that the app brings, which may well know the
// way. No other is touched where nothing is served.
func (p *Proposal) printUnrouted(f *file) {
	if p.App.Proxies[0].Service != "" {
		p.printProxies(f)
		return
	}
	f.line("proxy: standalone", "")
}
