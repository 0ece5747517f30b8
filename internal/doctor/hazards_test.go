package doctor

import (
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// shop is a compose file without a hazard; each test puts one in.
func shop(change func(web, worker, store *release.SurveyService)) release.Survey {
	at := map[string]string{"": "compose.yaml:2:3", "ports": "compose.yaml:9:5"}
	web := release.SurveyService{Name: "web", Image: "shop/web:1", Check: true, Replicas: 1, Places: at}
	worker := release.SurveyService{Name: "worker", Image: "shop/web:1", Grace: time.Minute, Replicas: 1, Places: at}
	store := release.SurveyService{Name: "store", Image: "postgres:16", Database: true, Replicas: 1, Places: at,
		Mounts: []release.SurveyMount{{Type: "volume", Source: "data", Target: "/data"}}}
	if change != nil {
		change(&web, &worker, &store)
	}
	return release.Survey{Services: []release.SurveyService{store, web, worker}}
}

var shopApp = release.App{Name: "shop", Services: []release.Service{{Name: "web", Port: 80}, {Name: "worker"}}}

func TestAFileWithoutHazardsHasNone(t *testing.T) {
	if found := Hazards(shopApp, shop(nil)); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

func TestEachHazardIsFoundWithItsPlaceAndFix(t *testing.T) {
	type service = release.SurveyService
	tie := func(key, text, to string) []release.SurveyTie {
		return []release.SurveyTie{{Key: key, Text: text, To: to, Fix: "take it off"}}
	}
	data := []release.SurveyMount{{Type: "volume", Source: "media", Target: "/media"}}
	for _, tc := range []struct {
		name   string
		grade  release.Grade
		tells  string
		change func(web, worker, store *service)
	}{
		{"container_name", release.GradeWarn, "container_name: shop", func(web, _, _ *service) { web.Container = "shop" }},
		{"a fixed port", release.GradeWarn, "port 127.0.0.1:8080 of the host", func(web, _, _ *service) {
			web.Ports = []release.SurveyPort{{Target: 80, Published: "8080", Host: "127.0.0.1"}}
		}},
		{"restart: always", release.GradeWarn, "restart: always", func(web, _, _ *service) { web.Restart = "always" }},
		{"a single file, colored", release.GradeWarn, "the single file x.conf", func(web, _, _ *service) {
			web.Mounts = []release.SurveyMount{{Type: "bind", Source: "x.conf", File: true}}
		}},
		{"a single file, shared", release.GradeWarn, "the single file x.conf", func(_, _, store *service) {
			store.Mounts = []release.SurveyMount{{Type: "bind", Source: "x.conf", File: true}}
		}},
		{"a colored database with data", release.GradeFail, "two colors would open at once", func(web, _, _ *service) { web.Database, web.Mounts = true, data }},
		{"a colored database without", release.GradeWarn, "begins with an empty one", func(web, _, _ *service) { web.Database = true }},
		{"a volume both colors write", release.GradeWarn, "volume media", func(web, _, _ *service) { web.Mounts = data }},
		{"latest", release.GradeWarn, "names no version", func(_, _, store *service) { store.Image = "postgres:latest" }},
		{"no tag", release.GradeWarn, "names no version", func(_, _, store *service) { store.Image = "localhost:5000/postgres" }},
		{"no health check", release.GradeWarn, "web has no health check", func(web, _, _ *service) { web.Check = false }},
		{"a shared service that waits for a colored one", release.GradeWarn, "depends on web", func(_, _, store *service) {
			store.Needs = []release.SurveyNeed{{Service: "web", Condition: "service_started"}}
		}},
		{"network_mode", release.GradeFail, "network_mode: host", func(web, _, _ *service) { web.Ties = tie("network_mode", "network_mode: host", "host") }},
		{"links", release.GradeFail, "links: store", func(web, _, _ *service) { web.Ties = tie("links", "links: store", "store") }},
		{"a shared service linked to a colored one", release.GradeFail, "but web runs in two colors", func(_, _, store *service) { store.Ties = tie("links", "links: web", "web") }},
		{"a worker without a grace period", release.GradeWarn, "worker has no stop_grace_period", func(_, worker, _ *service) { worker.Grace = 0 }},
		{"a shared service that calls a colored one", release.GradeWarn, "store calls web by its name", func(_, _, store *service) { store.Mentions = []string{"web"} }},
		{"a scheduler that overlaps", release.GradeWarn, "would run twice", func(_, worker, _ *service) { worker.Argv = []string{"celery", "beat"} }},
		{"migrations in a start command", release.GradeWarn, "web migrates in its start command (manage.py migrate)", func(web, _, _ *service) {
			web.Argv = []string{"sh", "-c", "python manage.py migrate --noinput && exec gunicorn"}
		}},
		{"watchtower", release.GradeWarn, "replaces containers by itself", func(_, _, store *service) { store.Image = "containrrr/watchtower:1" }},
		{"a provider", release.GradeFail, "comes from a provider", func(web, _, _ *service) { web.Provider = true }},
		{"a name that teal needs", release.GradeFail, "web-blue has the name", func(_, _, store *service) { store.Name = "web-blue" }},
		{"a service that isn't there", release.GradeFail, "no service worker", func(_, worker, _ *service) { worker.Name = "wroker" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := Hazards(shopApp, shop(tc.change))
			has(t, found, tc.grade, tc.tells)
			for _, f := range found {
				if f.Place == "" && tc.name != "a service that isn't there" {
					t.Errorf("no place: %+v", f)
				}
			}
		})
	}
}

func TestWhatIsNoHazardIsLeftAlone(t *testing.T) {
	for name, change := range map[string]func(web, worker, store *release.SurveyService){
		"a digest":                  func(web, _, _ *release.SurveyService) { web.Image = "shop/web@sha256:0" },
		"a built image":             func(web, _, _ *release.SurveyService) { web.Image, web.Build = "shop-web", "." },
		"a port Docker chooses":     func(web, _, _ *release.SurveyService) { web.Ports = []release.SurveyPort{{Target: 80}} },
		"a shared container's name": func(_, _, store *release.SurveyService) { store.Container = "db" },
		"a shared service's fixed port": func(_, _, store *release.SurveyService) {
			store.Ports = []release.SurveyPort{{Target: 1, Published: "1"}}
		},
		"links among shared ones": func(_, _, store *release.SurveyService) {
			store.Ties = []release.SurveyTie{{Key: "links", To: "cache"}}
		},
	} {
		if found := Hazards(shopApp, shop(change)); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestAServiceWhoseProfileIsOffIsToldSo(t *testing.T) {
	s := shop(func(_, worker, _ *release.SurveyService) { worker.Name = "other" })
	s.Off = []string{"worker"}
	has(t, Hazards(shopApp, s), release.GradeFail, "its profiles are not active")
}

// The nginx of the app's own is meant to call the colored ones.
func TestTheAppsProxyMayCallColoredServices(t *testing.T) {
	app := shopApp
	app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: "store"}}
	if found := Hazards(app, shop(func(_, _, store *release.SurveyService) { store.Mentions = []string{"web"} })); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// The fix of a migration is what to write, unless that is written already or
// could hold a secret.
func TestTheFixOfAMigrationIsTheLineToWrite(t *testing.T) {
	migrating := func(filled bool) release.Survey {
		return shop(func(web, _, store *release.SurveyService) {
			web.Argv, web.Filled = []string{"sh", "-c", "python manage.py migrate --noinput --password=hunter2 && exec gunicorn"}, filled
			store.Argv = web.Argv // shared: it is started once, and stays
		})
	}
	written := shopApp
	written.Policy.Command = &release.Command{Service: "web", Argv: []string{"migrate"}}
	for name, c := range map[string]struct {
		app    release.App
		filled bool
		want   string
	}{
		"as it is":                 {shopApp, false, `deploy: {release: {service: web, command: ["python", "manage.py", "migrate", "--noinput", "--password=hunter2"]}} in teal.yaml`},
		"with values of variables": {shopApp, true, `command: ["manage.py", "migrate", …]}} in teal.yaml`},
		"with a release command":   {written, false, "deploy.release in teal.yaml runs once"},
	} {
		found := Hazards(c.app, migrating(c.filled))
		if len(found) != 1 || !strings.Contains(found[0].Fix, c.want) {
			t.Errorf("%s: %+v", name, found)
		}
	}
}
