package adopt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"teal/internal/release"
)

// Pair is a file of compose for each color, kept by hand.
type Pair struct {
	Files map[release.Color][]string // as teal.yaml names them

	surveys map[release.Color]release.Survey
	names   map[string]map[release.Color][]string // a service of both → its names in each, one a replica
	alone   []string                              // what only one of the colors has
}

// NewPair finds what in two colors' files is one service, and returns the
// survey in which it is one, beside what is shared.
func NewPair(shared release.Survey, own map[release.Color]release.Survey, files map[release.Color][]string) (release.Survey, *Pair) {
	p := &Pair{Files: files, surveys: own, names: map[string]map[release.Color][]string{}}
	blue, green := grouped(own[release.Blue], release.Blue), grouped(own[release.Green], release.Green)
	out := shared
	out.Services = slices.Clone(shared.Services)
	out.Files = slices.Concat(shared.Files, own[release.Blue].Files, own[release.Green].Files)
	out.Subnets = slices.Concat(shared.Subnets, own[release.Blue].Subnets, own[release.Green].Subnets)
	for _, key := range sortedKeys(blue) {
		if len(green[key]) == 0 {
			p.alone = append(p.alone, blue[key]...)
			continue
		}
		names := map[release.Color][]string{release.Blue: blue[key], release.Green: green[key]}
		s := merged(key, names, own)
		p.names[s.Name] = names
		out.Services = append(out.Services, s)
	}
	for _, key := range sortedKeys(green) {
		if len(blue[key]) == 0 {
			p.alone = append(p.alone, green[key]...)
		}
	}
	return out, p
}

func sortedKeys(m map[string][]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var numbered = regexp.MustCompile(`^(.*[a-zA-Z])[-_.]?([0-9]{1,2})$`)

// grouped are a color's services by the name that the other color's bear too:
// without the color, and without a number where several differ by that alone.
func grouped(s release.Survey, c release.Color) map[string][]string {
	bare, counts := map[string]string{}, map[string]int{}
	for _, svc := range s.Services {
		name := withoutColor(svc.Name, c)
		bare[svc.Name] = name
		if m := numbered.FindStringSubmatch(name); m != nil {
			counts[m[1]]++
		}
	}
	groups := map[string][]string{}
	for _, svc := range s.Services {
		key := bare[svc.Name]
		if m := numbered.FindStringSubmatch(key); m != nil && counts[m[1]] > 1 {
			key = m[1]
		}
		groups[key] = append(groups[key], svc.Name)
	}
	return groups
}

// withoutColor takes the color out of a service's name: blue-web, web_blue and
// my-blue-web-1 are web, web and my-web-1.
func withoutColor(name string, c release.Color) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.", r) })
	kept := slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return strings.EqualFold(part, string(c)) })
	if len(kept) == len(parts) {
		return name
	}
	if rest := strings.Join(kept, "-"); rest != "" {
		return rest
	}
	return "app"
}

// merged is one service of both colors, as blue has it.
func merged(name string, names map[release.Color][]string, own map[release.Color]release.Survey) release.SurveyService {
	first, _ := own[release.Blue].Service(names[release.Blue][0])
	s := first
	s.Name = name
	if n := len(names[release.Blue]); n > 1 {
		s.Replicas = n
	}
	return s
}

// members are the compose services of one that is told here, with their color.
func (p *Proposal) members(name string) []member {
	if list := p.groups[name]; list != nil {
		return list
	}
	s, _ := p.survey.Service(name)
	return []member{{service: s}}
}

func (pair *Pair) members(name string) []member {
	var list []member
	for _, c := range release.Colors {
		for _, own := range pair.names[name][c] {
			s, _ := pair.surveys[c].Service(own)
			list = append(list, member{service: s, color: c})
		}
	}
	return list
}

type member struct {
	service release.SurveyService
	color   release.Color
}

// paired reports whether the service is one of a pair of files.
func (p *Proposal) paired(name string) bool { return p.pair != nil && p.pair.names[name] != nil }

// tellPair records what the pair is taken for.
func (p *Proposal) tellPair() {
	if p.pair == nil {
		return
	}
	p.because(Reason{Key: "compose", Choice: "blue and green", Why: "each color has files of its own: they are used as they are, with their ports and names"})
	for _, name := range p.pair.alone {
		p.note("%s is in the files of one color alone: give it to both, or to the shared file", name)
	}
	for _, s := range p.App.Services {
		from, _ := p.survey.Service(s.Name)
		if p.paired(s.Name) && from.Database {
			p.note("%s: %s is a database in the files of both colors: two would write the same data; move it to the shared file", from.Place("image"), s.Name)
		}
	}
}

// pairNames gives the service the names that the colors' files have for it,
// where they differ from its own.
func (p *Proposal) pairNames(s *release.Service) {
	names := p.pair.names[s.Name]
	for _, c := range release.Colors {
		switch {
		case len(names[c]) > 1:
			if s.Each == nil {
				s.Each = map[release.Color][]string{}
			}
			s.Each[c] = names[c]
		case names[c][0] != s.Name:
			if s.Names == nil {
				s.Names = map[release.Color]string{}
			}
			s.Names[c] = names[c][0]
		}
	}
	if s.Names != nil || s.Each != nil {
		blue, green := names[release.Blue], names[release.Green]
		p.because(Reason{Key: "services." + s.Name + ".compose", Choice: fmt.Sprintf("%s, %s", strings.Join(blue, " "), strings.Join(green, " ")),
			Why: "its names in the two colors' files", Place: p.members(s.Name)[0].service.Place("")})
	}
}

// loopbackPorts are the addresses ports of teal.yaml: fixed ones where both
// colors' files publish them and an nginx of the machine alone reaches them.
func (p *Proposal) loopbackPorts() {
	if p.pair == nil || len(p.App.Proxies) == 0 {
		return
	}
	for _, proxy := range p.App.Proxies {
		if proxy.Kind == release.ProxyContainer {
			p.because(Reason{Key: "addresses", Choice: "containers", Why: "an nginx in a container reaches no port of this machine's loopback"})
			return
		}
	}
	for _, s := range p.App.Services {
		for _, m := range p.members(s.Name) {
			if s.Port > 0 && p.App.Routed(s.Name) && !publishesPort(m.service, s.Port) {
				p.note("%s: %s publishes no fixed port for %d, so nginx goes to the containers themselves", m.service.Place("ports"), m.service.Name, s.Port)
				return
			}
		}
	}
	p.App.Addresses = release.AddressesPorts
	p.because(Reason{Key: "addresses", Choice: "ports", Why: "both colors' files publish fixed ports, which nginx uses today"})
}

func publishesPort(s release.SurveyService, port int) bool {
	return slices.ContainsFunc(s.Ports, func(at release.SurveyPort) bool {
		return at.Target == port && len(hostPorts(at)) > 0 && slices.Contains([]string{"", "0.0.0.0", "127.0.0.1"}, at.Host)
	})
}
