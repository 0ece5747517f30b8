package doctor

import (
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// pairApp has its colors in files of their own: api is my-blue and my-green,
// node is a service for each of its two replicas.
var pairApp = release.App{
	Name: "shop", Addresses: release.AddressesPorts,
	Services: []release.Service{
		{Name: "api", Port: 80, Replicas: 1, Names: map[release.Color]string{release.Blue: "my-blue", release.Green: "my-green"}},
		{Name: "node", Replicas: 2, Each: map[release.Color][]string{release.Blue: {"node-1", "node-2"}, release.Green: {"node-1", "node-2"}}},
	},
	Own: map[release.Color][]string{release.Blue: {"blue.yaml"}, release.Green: {"green.yaml"}},
}

var pairShared = release.Survey{Services: []release.SurveyService{{Name: "db", Image: "postgres:16", Database: true}}}

// pairs are two files without a hazard; each test puts one in, or two.
func pairs(change func(blue, green *release.SurveyService)) map[release.Color]release.Survey {
	of := func(c release.Color) []release.SurveyService {
		at := map[string]string{"": string(c) + ".yaml:2:3"}
		node := release.SurveyService{Name: "node-1", Image: "shop/node:1", Grace: time.Minute, Places: at}
		again := node
		again.Name = "node-2"
		return []release.SurveyService{{Name: "my-" + string(c), Image: "shop/api:1", Check: true, Places: at}, node, again}
	}
	blue, green := of(release.Blue), of(release.Green)
	if change != nil {
		change(&blue[0], &green[0])
	}
	return map[release.Color]release.Survey{release.Blue: {Services: blue}, release.Green: {Services: green}}
}

func TestTwoFilesOfTheirOwnColorMayHaveWhatOneFileMayNot(t *testing.T) {
	for name, change := range map[string]func(blue, green *release.SurveyService){
		"nothing": nil,
		"a container name and a port for each": func(blue, green *release.SurveyService) {
			blue.Container, green.Container = "api-blue", "api-green"
			blue.Ports = []release.SurveyPort{{Target: 80, Published: "8081"}}
			green.Ports = []release.SurveyPort{{Target: 80, Published: "8082"}}
		},
		"a volume for each": func(blue, green *release.SurveyService) {
			blue.Mounts = []release.SurveyMount{{Type: "volume", Source: "blue", Target: "/data"}}
			green.Mounts = []release.SurveyMount{{Type: "volume", Source: "green", Target: "/data"}}
		},
		"one port at two addresses": func(blue, green *release.SurveyService) {
			blue.Ports = []release.SurveyPort{{Target: 80, Published: "80", Host: "10.0.0.1"}}
			green.Ports = []release.SurveyPort{{Target: 80, Published: "80", Host: "10.0.0.2"}}
		},
		"the host's network, where each has its port": func(blue, _ *release.SurveyService) {
			blue.Ties = []release.SurveyTie{{Key: "network_mode", Text: "network_mode: host", Fix: "x"}}
		},
	} {
		if found := OwnHazards(pairApp, pairShared, pairs(change)); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestEachHazardOfAColorsOwnFileIsFoundWithItsPlace(t *testing.T) {
	type service = release.SurveyService
	for _, tc := range []struct {
		name   string
		grade  release.Grade
		tells  string
		change func(blue, green *service)
	}{
		{"a container name twice", release.GradeWarn, "container_name: api is taken off my-green", func(blue, green *service) { blue.Container, green.Container = "api", "api" }},
		{"a port twice", release.GradeFail, "my-green publishes host port 8080, which my-blue in the files of blue has", func(blue, green *service) {
			blue.Ports = []release.SurveyPort{{Target: 80, Published: "8080", Host: "127.0.0.1"}}
			green.Ports = []release.SurveyPort{{Target: 80, Published: "8080"}}
		}},
		{"a volume both write", release.GradeWarn, "volume uploads", func(blue, green *service) {
			blue.Mounts = []release.SurveyMount{{Type: "volume", Source: "uploads", Target: "/up"}}
			green.Mounts = blue.Mounts
		}},
		{"a database with one volume", release.GradeFail, "two colors would open at once", func(blue, green *service) {
			blue.Mounts = []release.SurveyMount{{Type: "volume", Source: "data", Target: "/data"}}
			blue.Database, green.Mounts = true, blue.Mounts
		}},
		{"a database with a volume of its own", release.GradeWarn, "data of blue's own", func(blue, _ *service) {
			blue.Database, blue.Mounts = true, []release.SurveyMount{{Type: "volume", Source: "data", Target: "/data"}}
		}},
		{"links", release.GradeFail, "my-green has links: db", func(_, green *service) { green.Ties = []release.SurveyTie{{Key: "links", Text: "links: db", Fix: "x"}} }},
		{"no health check", release.GradeWarn, "my-blue has no health check", func(blue, _ *service) { blue.Check = false }},
		{"restart: always", release.GradeWarn, "restart: always", func(_, green *service) { green.Restart = "always" }},
		{"migrations in a start command", release.GradeWarn, "my-green migrates in its start command (rails db:migrate)", func(_, green *service) {
			green.Argv = []string{"sh", "-c", "rails db:migrate && puma"}
		}},
		{"latest", release.GradeWarn, "names no version", func(_, green *service) { green.Image = "shop/api" }},
		{"a service that isn't there", release.GradeFail, "the files of green have no service my-green", func(_, green *service) { green.Name = "api-green" }},
		{"a service that nobody listed", release.GradeFail, "service mailer is only in the files of blue", func(blue, _ *service) { blue.Name = "mailer" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := OwnHazards(pairApp, pairShared, pairs(tc.change))
			has(t, found, tc.grade, tc.tells)
			for _, f := range found {
				if f.Place == "" && !strings.Contains(f.What, "have no service") {
					t.Errorf("no place: %+v", f)
				}
				if strings.Contains(f.Fix, "services: {my-") {
					t.Errorf("the fix names a service that teal.yaml has not: %s", f.Fix)
				}
			}
		})
	}
}

func TestOneDefinitionForManyReplicasKeepsNoNameAndNoPort(t *testing.T) {
	app := pairApp
	app.Services = []release.Service{pairApp.Services[0], pairApp.Services[1]}
	app.Services[0].Replicas = 2
	found := OwnHazards(app, pairShared, pairs(func(blue, _ *release.SurveyService) {
		blue.Container, blue.Ports = "api", []release.SurveyPort{{Target: 80, Published: "8080"}}
	}))
	has(t, found, release.GradeWarn, "container_name: api is taken off my-blue")
	has(t, found, release.GradeWarn, "port 8080 of the host is taken off my-blue")
}

func TestASharedServiceMayNotHoldOnToOneColorsService(t *testing.T) {
	shared := release.Survey{Services: []release.SurveyService{{
		Name: "edge", Image: "nginx:1.22", Ties: []release.SurveyTie{{Key: "links", Text: "links: my-green", To: "my-green"}},
	}}}
	has(t, Hazards(pairApp, shared), release.GradeFail, "but my-green runs in two colors")
}

func TestASharedServiceInAColorsFilesIsLookedAtOnce(t *testing.T) {
	own := pairs(nil)
	blue := own[release.Blue]
	blue.Services = append(blue.Services, release.SurveyService{Name: "db", Image: "postgres"})
	own[release.Blue] = blue
	if found := OwnHazards(pairApp, pairShared, own); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}
