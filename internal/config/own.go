package config

import "teal/internal/release"

// ownAbout tells of a service's names in one color's compose files.
const ownAbout = "Its name in %s's compose files; a list where each replica is a service of its own there."

// ownNames is a service's name, or a list of them.
func ownNames() kind[[]string] {
	name := serviceName()
	return kind[[]string]{
		schema: func() schema { return either("service name or list of them", name.schema(), filled(name.schema())) },
		read: func(v value) []string {
			if !v.isList() {
				return []string{name.read(v)}
			}
			names := list(name).read(v)
			if names == nil {
				v.refuse("%s: the list is empty: name a service for each replica", v.title())
			}
			return names
		},
	}
}

// readOwnNames keeps a name apart from a list, even from a list of one: from a
// name all replicas are made.
func readOwnNames(v value, s *release.Service) {
	s.Names = map[release.Color]string{}
	for c, names := range perColor(ownNames(), ownAbout).read(v) {
		if len(names) > 0 {
			s.Names[c] = names[0]
		}
		if v.entry(string(c)).isList() {
			if s.Each == nil {
				s.Each = map[release.Color][]string{}
			}
			s.Each[c] = names
		}
	}
}

// checkOwnNames refuses names per color without files per color, and two
// services or replicas that are one in a color's files.
func (d *draft) checkOwnNames() {
	taken := map[release.Color]map[string]string{release.Blue: {}, release.Green: {}}
	for i, s := range d.services {
		at := s.at.entry("compose")
		if at.written() && d.app.Own == nil {
			at.refuse("%s: names per color are for files per color: write compose: {blue: [blue.yaml], green: [green.yaml]}", at.title())
			continue
		}
		for _, c := range release.Colors {
			if d.app.Own != nil {
				checkEach(s, at.entry(string(c)), c)
				s.claimNames(c, taken[c])
			}
			if s.Names != nil {
				d.services[i].Names[c] = s.NameIn(c)
			}
		}
	}
}

// checkEach refuses a list that hasn't a name for each replica.
func checkEach(s serviceDraft, at value, c release.Color) {
	if each := s.Each[c]; len(each) > 0 && len(each) != s.Replicas {
		at.refuse("%s: %d names for %d replicas: each replica wants its own", at.title(), len(each), s.Replicas)
	}
}

// claimNames refuses a name that somebody before has in the color's files.
func (s serviceDraft) claimNames(c release.Color, taken map[string]string) {
	names := s.Each[c]
	if names == nil {
		names = []string{s.NameIn(c)}
	}
	for _, name := range names {
		if other, twice := taken[name]; twice {
			s.at.refuse("%s: services %q and %q are both %q in %s's compose files: keep one", s.at.title(), other, s.Name, name, c)
		}
		taken[name] = s.Name
	}
}
