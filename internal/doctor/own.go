package doctor

import (
	"fmt"

	"teal/internal/release"
)

// inOwn are the rules for a color's own files. They are used as they are, so a
// name or a port is a hazard only where the other color's files have it too.
var inOwn = []hazard{tied, twoDatabases, writtenTwice, nameTwice, portTwice, restartAlways, noCheck, noGrace, twoClocks, migrates}

// OwnHazards are those in the colors' own compose files, blue's first. shared
// is the survey of the files of the shared services.
func OwnHazards(app release.App, shared release.Survey, own map[release.Color]release.Survey) []release.Finding {
	var found []release.Finding
	for _, c := range release.Colors {
		if _, has := own[c]; has {
			found = append(found, ward{app, own[c], c, own[c.Other()]}.own(shared)...)
		}
	}
	return found
}

func (w ward) own(shared release.Survey) []release.Finding {
	var found []release.Finding
	for _, s := range w.app.Services {
		for _, name := range namesIn(s, w.color) {
			found = append(found, w.absent(fmt.Sprintf("the files of %s have", w.color), name)...)
		}
	}
	for _, s := range w.survey.Services {
		c := w.colored(s.Name)
		_, isShared := shared.Service(s.Name)
		switch {
		case c != nil:
			found = append(found, w.apply(s, c, anywhere, inOwn)...)
		case !isShared:
			found = append(found, failAt(s, "", fmt.Sprintf("service %s is only in the files of %s, and teal.yaml does not say what it is in %s", s.Name, w.color, w.color.Other()),
				fmt.Sprintf("list it under services in teal.yaml, with compose: {%s: %s, %s: its name there}", w.color, s.Name, w.color.Other())))
		}
	}
	return found
}

// copied reports whether several containers of a color are made from s.
func (w ward) copied(c *release.Service) bool { return c.Replicas > 1 && len(c.Each[w.color]) == 0 }

func nameTwice(w ward, s release.SurveyService, c *release.Service) []release.Finding {
	if s.Container != "" && w.copied(c) {
		return containerName(w, s, c)
	}
	for _, o := range w.other.Services {
		if s.Container != "" && o.Container == s.Container {
			return []release.Finding{warnAt(s, "container_name", fmt.Sprintf("container_name: %s is taken off %s: the files of %s have it too", s.Container, s.Name, w.color.Other()),
				"give each color's container a name of its own")}
		}
	}
	return nil
}

func portTwice(w ward, s release.SurveyService, c *release.Service) []release.Finding {
	if w.copied(c) {
		return fixedPort(w, s, c)
	}
	var found []release.Finding
	for _, p := range s.Ports {
		for _, o := range w.other.Services {
			if at, meets := meeting(p, o); meets {
				found = append(found, failAt(s, "ports", fmt.Sprintf("%s publishes host port %s, which %s in the files of %s has at %s", s.Name, p.Listen(), o.Name, w.color.Other(), at), "give it another host port"))
			}
		}
	}
	return found
}

// meeting is where the service publishes the port of the host too.
func meeting(p release.SurveyPort, s release.SurveyService) (place string, meets bool) {
	everywhere := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	for _, o := range s.Ports {
		sameHost := p.Host == o.Host || everywhere(p.Host) || everywhere(o.Host)
		if p.Published != "" && p.Published == o.Published && p.Protocol == o.Protocol && sameHost {
			return s.Place("ports"), true
		}
	}
	return "", false
}
