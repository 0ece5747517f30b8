package adopt

import (
	"cmp"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// Extra is a compose file that the proposal adds beside those that are there.
const Extra = "compose.teal.yaml"

// twin makes one service of those that stand in one file for the two colors, or
// for the main server and its backup: teal makes both colors from one. Which
// they are their names tell, or an upstream that leads to both.
func (p *Proposal) twin(m Machine) {
	if m.Pair != nil {
		p.pair = m.Pair
		for name := range m.Pair.names {
			p.groups[name] = m.Pair.members(name)
		}
		return
	}
	for name, list := range p.namesakes() {
		p.join(name, list)
	}
	d := p.directory(m.Addrs)
	for _, n := range m.Sites {
		for _, u := range n.Tree.View().Upstreams {
			p.joinUpstream(u, d, n.boxed())
		}
	}
}

// namesakes are the services of the file that differ in a color, and perhaps
// in a number, by their common name.
func (p *Proposal) namesakes() map[string][]member {
	blue, green := grouped(p.survey, release.Blue), grouped(p.survey, release.Green)
	found := map[string][]member{}
	for key, names := range blue {
		if slices.Equal(names, green[key]) || len(green[key]) == 0 {
			continue // no color in it
		}
		for _, c := range release.Colors {
			for _, name := range map[release.Color][]string{release.Blue: names, release.Green: green[key]}[c] {
				if s, ok := p.survey.Service(name); ok && withoutColor(name, c) != name {
					found[key] = append(found[key], member{service: s, color: c})
				}
			}
		}
	}
	return found
}

// joinUpstream takes the servers of an upstream for one service, if they are
// made alike.
func (p *Proposal) joinUpstream(u *conf.Upstream, d directory, boxed bool) {
	var list []member
	for _, peer := range u.Servers {
		for _, o := range d.owners(peer.Host, number(peer.Port), boxed) {
			s, ok := p.survey.Service(o.service)
			if !ok || p.groups[o.service] != nil {
				return
			}
			if !slices.ContainsFunc(list, func(m member) bool { return m.service.Name == s.Name }) {
				list = append(list, member{service: s})
			}
		}
	}
	if len(list) < 2 || !slices.ContainsFunc(list[1:], func(m member) bool { return !alike(m.service, list[0].service) }) {
		if len(list) > 1 {
			p.join(list[0].service.Name, list)
		}
	}
}

func alike(a, b release.SurveyService) bool {
	return a.Image == b.Image && a.Build == b.Build && slices.Equal(a.Argv, b.Argv)
}

// join puts one service into the survey in the place of several.
func (p *Proposal) join(name string, list []member) {
	taken := func(s release.SurveyService) bool { return s.Name == name }
	if slices.ContainsFunc(p.survey.Services, taken) && !slices.ContainsFunc(list, func(m member) bool { return taken(m.service) }) {
		name = list[0].service.Name
	}
	in := func(s release.SurveyService) bool {
		return slices.ContainsFunc(list, func(m member) bool { return m.service.Name == s.Name })
	}
	one := list[0].service
	one.Name = name
	one.Replicas = max(one.Replicas, countOf(list, list[0].color))
	p.survey.Services = append(slices.DeleteFunc(slices.Clone(p.survey.Services), in), one)
	slices.SortFunc(p.survey.Services, func(a, b release.SurveyService) int { return cmp.Compare(a.Name, b.Name) })
	p.groups[name] = list
	p.twins = append(p.twins, name)
	slices.Sort(p.twins)
}

// countOf is how many of them one color has; those without a color are main
// and backup of one.
func countOf(list []member, c release.Color) int {
	n := 0
	for _, m := range list {
		if m.color == c && c != release.None {
			n++
		}
	}
	return max(n, 1)
}

// extra writes the compose file in which the twins are one.
func (p *Proposal) extra() string {
	if len(p.twins) == 0 {
		return ""
	}
	var f file
	f.line("# Proposed by teal init: what stands in "+p.sources()+" once for each color is one service here.", "")
	f.line("services:", "")
	for _, name := range p.twins {
		first := p.groups[name][0].service.Name
		if first != name {
			f.line("  "+quote(name)+": {extends: {file: "+quote(p.baseFile())+", service: "+quote(first)+"}}", "")
		}
		for _, m := range p.groups[name] {
			if m.service.Name != name {
				f.line("  "+quote(m.service.Name)+": {profiles: [before-teal]}", "not started by teal")
			}
		}
	}
	return f.String()
}

func (p *Proposal) baseFile() string {
	if len(p.survey.Files) == 0 {
		return "compose.yaml"
	}
	path := p.survey.Files[0]
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// tellTwins records what was made one, and that replicas which differ must say
// so by their number.
func (p *Proposal) tellTwins() {
	for _, name := range p.twins {
		var names []string
		for _, m := range p.groups[name] {
			names = append(names, m.service.Name)
		}
		first := p.groups[name][0].service
		p.because(Reason{Key: "services." + name, Choice: "colored", Place: first.Place(""),
			Why: strings.Join(names, ", ") + " are one service: teal makes both colors of it"})
		if countOf(p.groups[name], p.groups[name][0].color) > 1 {
			p.note("%s: %s becomes replicas of one service: what differs between them has to be said by their number, as in environment: {PROFILE: \"server-${TEAL_REPLICA:-1}\"} in %s",
				first.Place(""), strings.Join(names, ", "), Extra)
		}
	}
}
