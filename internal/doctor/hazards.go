package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// hazard is a rule about one service of the compose files. colored is the
// service as teal.yaml has it, nil for a shared one.
type hazard func(w ward, s release.SurveyService, colored *release.Service) []release.Finding

// ward is the whole in which a service is looked at.
type ward struct {
	app    release.App
	survey release.Survey
	color  release.Color  // whose own files these are; None for files of all
	other  release.Survey // of the other color's own files
}

// Hazards are what in the compose files goes wrong, or may, when the app runs
// in two colors, in the order of the services. Of an app with files of its own
// per color these are its shared services; see OwnHazards.
func Hazards(app release.App, s release.Survey) []release.Finding {
	w := ward{app: app, survey: s}
	found := w.missing()
	for _, service := range s.Services {
		c := w.colored(service.Name)
		switch {
		case c == nil:
			found = append(found, w.apply(service, nil, anywhere, inShared)...)
		case len(app.Own) == 0:
			found = append(found, w.apply(service, c, anywhere, inColored)...)
		}
	}
	return found
}

func (w ward) apply(s release.SurveyService, c *release.Service, rules ...[]hazard) []release.Finding {
	var found []release.Finding
	for _, rule := range slices.Concat(rules...) {
		found = append(found, rule(w, s, c)...)
	}
	return found
}

// colored is what a service of the files is in teal.yaml, nil for none of the
// colored ones. In the shared files it may have the name of either color.
func (w ward) colored(name string) *release.Service {
	for _, s := range w.app.Services {
		for _, c := range release.Colors {
			mine := w.color == release.None || w.color == c
			if mine && slices.Contains(namesIn(s, c), name) {
				return &s
			}
		}
	}
	return nil
}

// namesIn are the services that stand for s in the color's files.
func namesIn(s release.Service, c release.Color) []string {
	if each := s.Each[c]; len(each) > 0 {
		return each
	}
	return []string{s.NameIn(c)}
}

var (
	anywhere  = []hazard{floatingImage, singleFile}
	inColored = []hazard{tied, twoDatabases, writtenTwice, containerName, fixedPort, restartAlways, noCheck, noGrace, twoClocks, migrates}
	inShared  = []hazard{tiedToColored, waitsForColored, callsColored, updater}
)

// missing are colored services that the files don't have, and names that teal
// needs for itself.
func (w ward) missing() []release.Finding {
	var found []release.Finding
	for _, s := range w.app.Services {
		if len(w.app.Own) > 0 {
			break // they are in the colors' own files
		}
		found = append(found, w.absent("the compose files have", s.Name)...)
		for _, c := range release.Colors {
			if taken, is := w.survey.Service(s.Name + "-" + string(c)); is {
				found = append(found, failAt(taken, "", "service "+taken.Name+" has the name that teal gives to "+s.Name+" in color "+string(c), "rename the service"))
			}
		}
	}
	return found
}

// absent tells of a service that the files ought to have.
func (w ward) absent(files, name string) []release.Finding {
	if _, there := w.survey.Service(name); there {
		return nil
	}
	if slices.Contains(w.survey.Off, name) {
		return []release.Finding{fail(release.Invalid, fmt.Sprintf("service %s is off: its profiles are not active", name), "set COMPOSE_PROFILES, or take profiles off the service")}
	}
	return []release.Finding{fail(release.Invalid, fmt.Sprintf("%s no service %s", files, name), "correct services in teal.yaml")}
}

// tied refuses what deploy refuses: a color bound to one container, or to the
// host.
func tied(w ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, t := range s.Ties {
		if t.Text == "network_mode: host" && w.color != release.None && w.app.Addresses == release.AddressesPorts {
			continue // each color's file gives it ports of its own
		}
		found = append(found, failAt(s, t.Key, s.Name+" has "+t.Text+", which can't run in two colors", t.Fix))
	}
	if s.Provider {
		found = append(found, failAt(s, "", s.Name+" comes from a provider, which can't run in two colors", w.unlist(s)))
	}
	return found
}

func twoDatabases(w ward, s release.SurveyService, _ *release.Service) []release.Finding {
	if !s.Database {
		return nil
	}
	if twice := w.twice(s); len(twice) > 0 {
		return []release.Finding{failAt(s, "volumes", s.Name+" is a database with data in volume "+twice[0].Source+", which two colors would open at once", w.unlist(s))}
	}
	if len(s.Written()) > 0 {
		return []release.Finding{warnAt(s, "volumes", s.Name+" is a database with data of "+string(w.color)+"'s own: what one color has stored the other never sees", w.unlist(s))}
	}
	return []release.Finding{warnAt(s, "image", s.Name+" is a database: each release begins with an empty one", w.unlist(s))}
}

func writtenTwice(w ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, m := range w.twice(s) {
		if !s.Database {
			found = append(found, warnAt(s, "volumes", fmt.Sprintf("%s writes to volume %s, and during a release both colors do", s.Name, m.Source),
				"make it "+m.Source+":"+m.Target+":ro, or see that two may write at once"))
		}
	}
	return found
}

// twice are the volumes that both colors write to.
func (w ward) twice(s release.SurveyService) []release.SurveyMount {
	if w.color == release.None {
		return s.Written()
	}
	return slices.DeleteFunc(s.Written(), func(m release.SurveyMount) bool {
		return !slices.ContainsFunc(w.other.Services, func(o release.SurveyService) bool {
			return slices.ContainsFunc(o.Written(), func(have release.SurveyMount) bool { return have.Source == m.Source })
		})
	})
}

func containerName(_ ward, s release.SurveyService, _ *release.Service) []release.Finding {
	if s.Container == "" {
		return nil
	}
	return []release.Finding{warnAt(s, "container_name", fmt.Sprintf("container_name: %s is taken off %s: only one color could have it", s.Container, s.Name),
		"take it off; scripts that use it: teal logs "+s.Name)}
}

func fixedPort(_ ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, p := range s.Ports {
		if p.Published != "" {
			found = append(found, warnAt(s, "ports", fmt.Sprintf("port %s of the host is taken off %s: only one color could have it", p.Listen(), s.Name),
				fmt.Sprintf("take it off, or write \"%d\"; clients come by site.listen in teal.yaml", p.Target)))
		}
	}
	return found
}

func restartAlways(_ ward, s release.SurveyService, _ *release.Service) []release.Finding {
	if s.Restart != "always" && s.Restart != "any" {
		return nil
	}
	return []release.Finding{warnAt(s, "restart", "restart: "+s.Restart+" would start a release that was replaced again with the engine; teal runs "+s.Name+" with unless-stopped",
		"write restart: unless-stopped")}
}

func noCheck(_ ward, s release.SurveyService, c *release.Service) []release.Finding {
	if s.Check || c.Health.Kind != release.HealthAuto || c.Port == 0 {
		return nil
	}
	return []release.Finding{warnAt(s, "", s.Name+" has no health check: a TCP connection is all that is asked of a new release, unless its image has one",
		"services: {"+c.Name+": {health: {http: /PATH}}} in teal.yaml")}
}

func noGrace(_ ward, s release.SurveyService, c *release.Service) []release.Finding {
	if c.Port != 0 || s.Grace > 0 {
		return nil
	}
	return []release.Finding{warnAt(s, "", s.Name+" has no stop_grace_period: Docker kills it 10 s after it was told to stop, whatever it works at",
		"stop_grace_period: 2m, or as long as its longest job takes")}
}

func twoClocks(_ ward, s release.SurveyService, c *release.Service) []release.Finding {
	clock := s.Clock()
	if clock == "" || c.Port != 0 || c.Handoff == release.HandoffStopFirst {
		return nil
	}
	return []release.Finding{warnAt(s, "command", s.Name+" looks like a scheduler ("+clock+") and would run twice during a release",
		"services: {"+c.Name+": {handoff: stop-first}} in teal.yaml")}
}

// migrates: what changes the schema in a start command does so in every replica
// and at every restart, beside the release that serves.
func migrates(w ward, s release.SurveyService, c *release.Service) []release.Finding {
	known, argv := s.Migration()
	if known == "" {
		return nil
	}
	words := quoted(strings.Fields(known)) + ", …"
	if argv != nil {
		words = quoted(argv)
	}
	fix := "deploy: {release: {service: " + c.Name + ", command: [" + words + "]}} in teal.yaml runs it once, before a release serves; then take it off the start command"
	if w.app.Policy.Command != nil {
		fix = "deploy.release in teal.yaml runs once, before a release serves: take it off the start command"
	}
	return []release.Finding{warnAt(s, "command", s.Name+" migrates in its start command ("+known+"): in each replica, at every restart, and when the old release is started again", fix)}
}

// quoted are words as a list of teal.yaml has them.
func quoted(words []string) string {
	var list []string
	for _, word := range words {
		list = append(list, strconv.Quote(word))
	}
	return strings.Join(list, ", ")
}

func tiedToColored(w ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, t := range s.Ties {
		if w.colored(t.To) != nil {
			found = append(found, failAt(s, t.Key, "shared service "+s.Name+" has "+t.Text+", but "+t.To+" runs in two colors", "list "+s.Name+" under services in teal.yaml too, or take "+t.Key+" off"))
		}
	}
	return found
}

func waitsForColored(w ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, need := range s.Needs {
		if w.colored(need.Service) != nil {
			found = append(found, warnAt(s, "depends_on", "shared service "+s.Name+" depends on "+need.Service+", which starts after it: teal leaves that out", "take "+need.Service+" off its depends_on"))
		}
	}
	return found
}

func callsColored(w ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, name := range s.Mentions {
		if w.colored(name) != nil && !w.proxied(s.Name) {
			found = append(found, warnAt(s, "environment", "shared service "+s.Name+" calls "+name+" by its name, which only "+name+"'s own color knows",
				"let it call the site, or list "+s.Name+" under services in teal.yaml too"))
		}
	}
	return found
}

// proxied reports whether the service is an nginx that teal drives.
func (w ward) proxied(name string) bool {
	return slices.ContainsFunc(w.app.Proxies, func(p release.Proxy) bool { return p.Service == name })
}

func updater(_ ward, s release.SurveyService, _ *release.Service) []release.Finding {
	if s.ImageName() != "watchtower" {
		return nil
	}
	return []release.Finding{warnAt(s, "image", s.Name+" replaces containers by itself, live ones too, and no health gate holds it", "take it away, or label the colored services com.centurylinklabs.watchtower.enable: \"false\"")}
}

// floatingImage: what runs under latest depends on the day it was pulled. A
// digest has a colon too.
func floatingImage(_ ward, s release.SurveyService, _ *release.Service) []release.Finding {
	_, tag, tagged := strings.Cut(s.Image[strings.LastIndexByte(s.Image, '/')+1:], ":")
	if s.Image == "" || s.Build != "" || tagged && tag != "latest" {
		return nil
	}
	return []release.Finding{warnAt(s, "image", "image "+s.Image+" of "+s.Name+" names no version: what a release runs depends on the day", "name a version or digest, as in "+strings.TrimSuffix(s.Image, ":latest")+":1.2.3")}
}

// singleFile: a mount of one file keeps the inode it began with, so a file
// that is replaced whole, as editors and deploys do, is never seen inside.
func singleFile(_ ward, s release.SurveyService, _ *release.Service) []release.Finding {
	var found []release.Finding
	for _, m := range s.Mounts {
		if m.File {
			found = append(found, warnAt(s, "volumes", s.Name+" mounts the single file "+m.Source+": once the file is replaced, the container goes on with the old one", "mount its folder"))
		}
	}
	return found
}

func (w ward) unlist(s release.SurveyService) string {
	if w.color != release.None {
		return "move " + s.Name + " to the shared compose files"
	}
	return "leave " + s.Name + " out of services in teal.yaml: it is then shared by both colors"
}

func warnAt(s release.SurveyService, key, what, fix string) release.Finding {
	f := warn(what, fix)
	f.Place = s.Place(key)
	return f
}

func failAt(s release.SurveyService, key, what, fix string) release.Finding {
	f := fail(release.Invalid, what, fix)
	f.Place = s.Place(key)
	return f
}
