package adopt

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"teal/internal/release"
)

// YAML is the proposal as teal.yaml, each decision with its reason beside it.
func (p *Proposal) YAML() string {
	var f file
	f.line("# Proposed by teal init from "+p.sources()+".", "")
	f.line("app: "+quote(p.App.Name), p.why("app"))
	if len(p.Compose) > 0 {
		f.line("compose: {files: ["+quoted(p.Compose)+"]}", "")
	}
	p.printServices(&f)
	p.printShared(&f)
	p.printSite(&f)
	if c := p.App.Policy.Command; c != nil {
		f.line("deploy:", "")
		f.line("  release: {service: "+quote(c.Service)+", command: ["+quoted(c.Argv)+"]}", p.why("deploy.release"))
	}
	return f.String()
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
		f.line("proxy: standalone", "")
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
	if s := p.App.Proxies[0].Service; s != "" {
		f.line("proxy: {kind: container, service: "+quote(s)+"}", p.why("proxy"))
		return
	}
	f.line("proxy: "+string(p.App.Proxies[0].Kind), p.why("proxy"))
}

// file is lines with comments beside them, in one column where they fit.
type file struct{ lines [][2]string }

// line adds a line. What it is made of was quoted; a comment can't end itself.
func (f *file) line(text, comment string) {
	f.lines = append(f.lines, [2]string{text, clean(comment)})
}

const commentColumn = 34

func (f *file) String() string {
	var b strings.Builder
	for _, l := range f.lines {
		if l[1] == "" {
			b.WriteString(l[0] + "\n")
			continue
		}
		fmt.Fprintf(&b, "%-*s  # %s\n", commentColumn, l[0], l[1])
	}
	return b.String()
}

// clean takes what could end a comment or drive a terminal out of text.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

var plainForm = regexp.MustCompile(`^[a-zA-Z/][a-zA-Z0-9_./-]*$`)

// words that YAML 1.1 or 1.2 takes for something else than text.
var words = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// quote writes text as a YAML scalar. All of Go's escapes are YAML's too
// (YAML 1.2.2 section 5.7).
func quote(text string) string {
	if plainForm.MatchString(text) && !slices.Contains(words, strings.ToLower(text)) {
		return text
	}
	return strconv.Quote(text)
}

func quoted(texts []string) string {
	var list []string
	for _, t := range texts {
		list = append(list, quote(t))
	}
	return strings.Join(list, ", ")
}

func itoa(n int) string { return strconv.Itoa(n) }
