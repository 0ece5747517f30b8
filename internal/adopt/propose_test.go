package adopt

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// svc is a service with one replica, as a survey tells it.
func svc(name string, change func(*release.SurveyService)) release.SurveyService {
	s := release.SurveyService{Name: name, Image: "shop/" + name + ":1", Replicas: 1, Places: map[string]string{"": "compose.yaml:1:1"}}
	if change != nil {
		change(&s)
	}
	return s
}

func publishes(listen string, target int) func(*release.SurveyService) {
	host, port, both := strings.Cut(listen, ":")
	if !both {
		host, port = "", listen
	}
	return func(s *release.SurveyService) {
		s.Ports = []release.SurveyPort{{Target: target, Published: port, Host: host, Protocol: "tcp"}}
	}
}

func volume(name, target string) release.SurveyMount {
	return release.SurveyMount{Type: "volume", Source: name, Target: target}
}

func survey(services ...release.SurveyService) release.Survey {
	return release.Survey{Project: "shop", Files: []string{"/srv/shop/compose.yaml"}, Services: services}
}

func propose(t *testing.T, s release.Survey) *Proposal {
	t.Helper()
	p, err := Propose(s, nil, Machine{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A usual application: pages, an API, a worker, a scheduler, a migration, a
// database and a cache.
func TestAProposalOfAUsualApplication(t *testing.T) {
	app := func(s *release.SurveyService) {
		s.Image, s.Build = "", "."
		s.Needs = []release.SurveyNeed{{Service: "migrate", Condition: "service_completed_successfully"}}
	}
	p := propose(t, survey(
		svc("api", func(s *release.SurveyService) {
			app(s)
			s.Expose = []int{8000}
			s.Check, s.CheckTime = true, 3*time.Minute
		}),
		svc("beat", func(s *release.SurveyService) { app(s); s.Argv = []string{"celery", "-A", "shop", "beat"} }),
		svc("cache", func(s *release.SurveyService) { s.Image, s.Database = "redis:7", true }),
		svc("db", func(s *release.SurveyService) {
			s.Image, s.Database, s.Mounts = "postgres:16", true, []release.SurveyMount{volume("data", "/var/lib/postgresql/data")}
		}),
		svc("mail", func(s *release.SurveyService) { s.Image = "axllent/mailpit:v1.20" }),
		svc("migrate", func(s *release.SurveyService) {
			s.Image, s.Build, s.Argv = "", ".", []string{"python", "manage.py", "migrate", "it's \"quoted\""}
		}),
		svc("web", func(s *release.SurveyService) {
			publishes("127.0.0.1:8080", 3000)(s)
			s.Image, s.Build, s.Replicas, s.Check = "", "web", 2, true
		}),
		svc("worker", app),
	))
	golden(t, "usual.yaml", p.YAML())
	golden(t, "usual.notes", strings.Join(p.Notes, "\n")+"\n")
}

func TestAnNginxOfTheAppsOwnBecomesTheProxy(t *testing.T) {
	p := propose(t, survey(
		svc("app", func(s *release.SurveyService) { s.Expose = []int{3000} }),
		svc("edge", func(s *release.SurveyService) {
			publishes("80", 80)(s)
			s.Image = "nginx:1.27"
			s.Mounts = []release.SurveyMount{{Type: "bind", Source: "nginx", Target: "/etc/nginx/conf.d"}}
		}),
	))
	golden(t, "container.yaml", p.YAML())
}

func TestTheMachinesNginxIsUsedWhereItRuns(t *testing.T) {
	p, err := Propose(survey(svc("app", publishes("3000", 3000))), []string{"deploy/compose.prod.yaml"}, Machine{Nginx: true})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "host.yaml", p.YAML())
}

func TestWhoIsColoredAndWhoIsShared(t *testing.T) {
	media := []release.SurveyMount{volume("media", "/media")}
	for _, tc := range []struct {
		name    string
		service release.SurveyService
		more    []release.SurveyService
		why     string // of being shared, "" for colored
	}{
		{"a stateless service", svc("x", nil), nil, ""},
		{"a built one with a folder mounted", svc("x", func(s *release.SurveyService) {
			s.Mounts = []release.SurveyMount{{Type: "bind", Source: "src", Target: "/src"}}
		}), nil, ""},
		{"a database without a volume", svc("x", func(s *release.SurveyService) { s.Database = true }), nil, "is a database"},
		{"one that alone keeps data", svc("x", func(s *release.SurveyService) { s.Mounts = media }), nil, "volume media"},
		{"one that only reads a volume", svc("x", func(s *release.SurveyService) {
			s.Mounts = []release.SurveyMount{{Type: "volume", Source: "media", Target: "/m", ReadOnly: true}}
		}), nil, ""},
		{"one whose volume others have open too", svc("x", func(s *release.SurveyService) { s.Mounts = media }),
			[]release.SurveyService{svc("y", func(s *release.SurveyService) { s.Mounts = media })}, ""},
		{"one in the host's network", svc("x", func(s *release.SurveyService) {
			s.Ties = []release.SurveyTie{{Key: "network_mode", Text: "network_mode: host"}}
		}), nil, "network_mode: host"},
		{"one with links, which can be taken off", svc("x", func(s *release.SurveyService) {
			s.Ties = []release.SurveyTie{{Key: "links", Text: "links: db", To: "db"}}
		}), nil, ""},
		{"a proxy of another kind", svc("x", func(s *release.SurveyService) { s.Image = "docker.io/library/traefik:v3@sha256:0" }), nil, "another proxy"},
		{"an nginx that only serves files", svc("x", func(s *release.SurveyService) { s.Image = "nginx:1" }), nil, ""},
		{"a job that others wait for", svc("x", nil), []release.SurveyService{svc("y", func(s *release.SurveyService) {
			s.Needs = []release.SurveyNeed{{Service: "x", Condition: "service_completed_successfully"}}
		})}, "before y starts"},
		{"a name that can't be colored", svc("_x", nil), nil, "its name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := propose(t, survey(append(tc.more, tc.service, svc("web", publishes("80", 80)))...))
			_, colored := p.App.Service(tc.service.Name)
			if why := p.why("shared." + tc.service.Name); colored != (tc.why == "") || !strings.Contains(why, tc.why) {
				t.Errorf("colored: %v, shared because %q; want %q", colored, why, tc.why)
			}
		})
	}
}

func TestPortsAreFoundWhereTheyAreSaid(t *testing.T) {
	for _, tc := range []struct {
		name    string
		service release.SurveyService
		want    int
		key     string
	}{
		{"none", svc("x", nil), 0, ""},
		{"published", svc("x", publishes("8080", 3000)), 3000, "ports"},
		{"plain before TLS", svc("x", func(s *release.SurveyService) {
			s.Ports = []release.SurveyPort{{Target: 443, Published: "443"}, {Target: 80, Published: "80"}}
		}), 80, "ports"},
		{"no debugger's", svc("x", func(s *release.SurveyService) {
			s.Ports = []release.SurveyPort{{Target: 9229, Published: "9229"}, {Target: 4000}}
		}), 4000, "ports"},
		{"no UDP", svc("x", func(s *release.SurveyService) { s.Ports = []release.SurveyPort{{Target: 53, Protocol: "udp"}} }), 0, ""},
		{"exposed", svc("x", func(s *release.SurveyService) { s.Expose = []int{5000} }), 5000, "expose"},
		{"by the environment", svc("x", func(s *release.SurveyService) { s.PortVar = 7000 }), 7000, "environment"},
		{"by the image", svc("x", func(s *release.SurveyService) { s.Image = "ghost:5" }), 2368, "image"},
	} {
		if got, why, key := portOf(tc.service); got != tc.want || (why == "") != (got == 0) || key != tc.key {
			t.Errorf("%s: %d (%s, %s), want %d (%s)", tc.name, got, why, key, tc.want, tc.key)
		}
	}
}

// What only other services could reach must not be served to the world by a
// tool that was asked for a proposal.
func TestAServiceThatPublishesNothingGetsNoRouteButItsHint(t *testing.T) {
	p := propose(t, survey(
		svc("admin", publishes("9000", 9000)),
		svc("internal", func(s *release.SurveyService) { s.Expose = []int{8000} }),
		svc("web", publishes("80", 3000)),
	))
	want := []release.Route{{Path: "/admin/", To: "admin"}, {Path: "/", To: "web"}}
	if diff := cmp.Diff(want, p.App.Routes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]release.Route{{Path: "/internal/", To: "internal"}}, p.Maybe); diff != "" {
		t.Error(diff)
	}
}

func TestTheAppIsNamedAsItsProjectSoThatItsVolumesStay(t *testing.T) {
	for project, want := range map[string]string{
		"shop": "shop", "my_shop": "my-shop", "2shop": "shop", "shop-green": "shop", "--": "app", "a__b": "a-b", strings.Repeat("x", 40): strings.Repeat("x", 32),
	} {
		s := survey(svc("web", publishes("80", 80)), svc("db", func(s *release.SurveyService) {
			s.Database, s.Mounts = true, []release.SurveyMount{volume("data", "/data")}
		}))
		s.Project = project
		p := propose(t, s)
		warned := strings.Contains(strings.Join(p.Notes, "\n"), "data: {name: "+project+"_data}")
		if p.App.Name != want || warned != (project != want) {
			t.Errorf("%s becomes %s, warned: %v", project, p.App.Name, warned)
		}
	}
}

func TestWhereNothingCanBeColoredTheReasonsAreTold(t *testing.T) {
	_, err := Propose(survey(svc("db", func(s *release.SurveyService) { s.Image, s.Database = "mysql:8", true })), nil, Machine{})
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Invalid || e.Next == "" || len(e.Detail) != 1 || !strings.Contains(e.Detail[0], "compose.yaml:1:1: db: image mysql:8 is a database") {
		t.Errorf("%+v", e)
	}
}

// A command that holds values of variables may hold a secret, and teal.yaml is
// a file that is committed.
func TestACommandWithVariablesIsNotCopiedIntoTheProposal(t *testing.T) {
	p := propose(t, survey(
		svc("migrate", func(s *release.SurveyService) {
			s.Image, s.Argv, s.Filled = "shop/web:1", []string{"migrate", "--password=hunter2"}, true
		}),
		svc("web", func(s *release.SurveyService) {
			publishes("80", 80)(s)
			s.Needs = []release.SurveyNeed{{Service: "migrate", Condition: "service_completed_successfully"}}
		}),
	))
	if p.App.Policy.Command != nil || strings.Contains(p.YAML(), "hunter2") || !strings.Contains(strings.Join(p.Notes, "\n"), "deploy.release") {
		t.Errorf("%s\n%v", p.YAML(), p.Notes)
	}
}

// Text of the compose files can't end a comment or begin a key.
func TestHostileTextStaysInItsLine(t *testing.T) {
	const evil = "x\nservices: {}\r\u2028\x1b[31m"
	p := propose(t, survey(svc("web", func(s *release.SurveyService) {
		publishes("80", 80)(s)
		s.Image, s.Build = evil, evil
	}), svc("db", func(s *release.SurveyService) { s.Image, s.Database = evil, true })))
	text := p.YAML()
	if strings.Count(text, "\nservices:") != 1 || strings.ContainsAny(text, "\r\x1b\u2028") {
		t.Errorf("%q", text)
	}
}

func TestWordsOfYAMLAreQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"web": "web", "/api/": "/api/", "yes": `"yes"`, "NO": `"NO"`, "80": `"80"`, "1e3": `"1e3"`, "a b": `"a b"`, "": `""`,
		"a: b": `"a: b"`, "127.0.0.1:80": `"127.0.0.1:80"`, `q"\`: `"q\"\\"`, "\x7f": `"\x7f"`, "-x": `"-x"`, "ü": `"ü"`,
	} {
		if got := quote(text); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
}
