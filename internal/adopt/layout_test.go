package adopt

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// The five layouts that people have: what is found of them, decided and
// patched is in NAME.golden.

// tree reads the host nginx of a layout.
func tree(t *testing.T, name string) Nginx {
	t.Helper()
	loaded, err := conf.Load(os.DirFS(filepath.Join("testdata", name)), "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return Nginx{Tree: loaded, Proxy: release.Proxy{Kind: release.ProxyHost}, Asked: true}
}

// box reads what nginx -T printed in the container of a service.
func box(t *testing.T, name, service string, mounts ...release.Mount) Nginx {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".dump"))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := conf.LoadDump(text)
	if err != nil {
		t.Fatal(err)
	}
	return Nginx{Tree: loaded, Proxy: release.Proxy{Kind: release.ProxyContainer, Service: service}, Asked: true, Mounts: mounts}
}

// told is all of a proposal that a person reads.
func told(p *Proposal) string {
	var b strings.Builder
	b.WriteString(p.YAML())
	if p.Extra != "" {
		b.WriteString("\n--- " + Extra + " ---\n" + p.Extra)
	}
	for _, c := range p.Changes {
		b.WriteString("\n--- " + c.Proxy + ": " + c.File + ", here " + c.Host + " ---\n" + c.Diff)
	}
	b.WriteString("\n--- notes ---\n" + strings.Join(p.Notes, "\n") + "\n")
	return b.String()
}

func proposed(t *testing.T, s release.Survey, named []string, pair *Pair, sites ...Nginx) *Proposal {
	t.Helper()
	p, err := Propose(s, named, Machine{Nginx: true, Sites: sites, Root: "/var/lib/teal", Pair: pair})
	if err != nil {
		var e *release.Error
		if errors.As(err, &e) {
			t.Fatalf("%v\n%s", e, strings.Join(e.Detail, "\n"))
		}
		t.Fatal(err)
	}
	return p
}

// built is a service that is built and published on the loopback.
func built(name, from, listen string, target int) release.SurveyService {
	return svc(name, func(s *release.SurveyService) {
		publishes(listen, target)(s)
		s.Image, s.Build, s.Container = "", from, strings.ReplaceAll(name, "_", "-")
	})
}

func TestThreeTiersSwitchTogether(t *testing.T) {
	s := survey(
		built("app_blue", "app", "127.0.0.1:3000", 3000), built("app_green", "app", "127.0.0.1:3001", 3000),
		built("back_blue", "back", "127.0.0.1:8081", 8080), built("back_green", "back", "127.0.0.1:8082", 8080),
		built("pback_blue", "pback", "127.0.0.1:8083", 8080), built("pback_green", "pback", "127.0.0.1:8084", 8080),
	)
	golden(t, "three-tiers.golden", told(proposed(t, s, nil, nil, tree(t, "three-tiers"))))
}

// pairOf is a file for each color.
func pairOf(shared release.Survey, services map[release.Color]release.SurveyService) (release.Survey, *Pair) {
	own, files := map[release.Color]release.Survey{}, map[release.Color][]string{}
	for c, s := range services {
		name := "docker-compose." + string(c) + ".yml"
		own[c] = release.Survey{Project: "shop", Files: []string{"/srv/shop/" + name}, Services: []release.SurveyService{s}}
		files[c] = []string{name}
	}
	return NewPair(shared, own, files)
}

func TestAFileForEachColorIsUsedAsItIs(t *testing.T) {
	s, pair := pairOf(release.Survey{Project: "shop"}, map[release.Color]release.SurveyService{
		release.Blue: built("app-blue", "app", "8081", 8080), release.Green: built("app-green", "app", "8082", 8080),
	})
	golden(t, "two-compose-files.golden", told(proposed(t, s, nil, pair, tree(t, "two-compose-files"))))
}

func TestAChainOfTwoNginxIsPatchedInBoth(t *testing.T) {
	shared := survey(
		svc("db", func(s *release.SurveyService) { s.Image, s.Database = "postgres:15", true }),
		svc("nginx", func(s *release.SurveyService) {
			publishes("127.0.0.1:8090", 80)(s)
			s.Image, s.Mounts = "nginx:1.22", []release.SurveyMount{{Type: "bind", Source: "nginx/conf.d", Target: "/etc/nginx/conf.d"}}
		}),
	)
	color := func(c, port string) release.SurveyService {
		s := built("django-"+c, "app", "127.0.0.1:"+port, 8000)
		s.Container = "shop-django-" + c
		return s
	}
	s, pair := pairOf(shared, map[release.Color]release.SurveyService{release.Blue: color("blue", "8000"), release.Green: color("green", "8001")})
	inner := box(t, "shared-database", "nginx", release.Mount{Source: "/srv/shop/nginx/conf.d", Target: "/etc/nginx/conf.d"})
	golden(t, "shared-database.golden", told(proposed(t, s, []string{"docker-compose.yml"}, pair, tree(t, "shared-database"), inner)))
}

func TestAServerAndItsBackupAreOneService(t *testing.T) {
	image := func(s release.SurveyService) release.SurveyService {
		s.Image, s.Build = "registry.example:5000/shop/api:1", ""
		return s
	}
	s := survey(image(built("backup", "", "127.0.0.1:3001", 8080)), image(built("main", "", "127.0.0.1:3000", 8080)))
	golden(t, "registry-and-backup.golden", told(proposed(t, s, nil, nil, tree(t, "registry-and-backup"))))
}

func TestAnNginxInAContainerIsPatchedByHandWhereItsFilesAreMade(t *testing.T) {
	server := func(name string) release.SurveyService {
		return svc(name, func(s *release.SurveyService) { s.Image, s.Build, s.Container = "", "app", name })
	}
	s := survey(
		server("my-blue-server-1"), server("my-blue-server-2"), server("my-green-server-1"), server("my-green-server-2"),
		svc("nginx", func(s *release.SurveyService) {
			publishes("80", 80)(s)
			s.Image, s.Mounts = "nginx:1.22", []release.SurveyMount{{Type: "bind", Source: "nginx/templates", Target: "/etc/nginx/templates"}}
		}),
	)
	s.Subnets = []string{"172.28.0.0/24"}
	n := box(t, "nginx-container", "nginx", release.Mount{Source: "/srv/shop/nginx/templates", Target: "/etc/nginx/templates"},
		release.Mount{Source: "/srv/shop/certs", Target: "/etc/nginx/certs"})
	golden(t, "nginx-container.golden", told(proposed(t, s, nil, nil, n)))
}

// What a template is filled into may be in a folder of this machine, and is
// patched there; the next start of the container would undo that.
func TestAFileThatIsMadeFromATemplateIsNamedWhereverItIs(t *testing.T) {
	s := survey(svc("my-server", func(s *release.SurveyService) { s.Image, s.Build, s.Container = "", "app", "my-server" }),
		svc("nginx", func(s *release.SurveyService) { publishes("80", 80)(s); s.Image = "nginx:1.22" }))
	s.Subnets = []string{"172.28.0.0/24"}
	n := box(t, "nginx-container", "nginx", release.Mount{Source: "/srv/shop/nginx/templates", Target: "/etc/nginx/templates"},
		release.Mount{Source: "/srv/shop/nginx.d", Target: "/etc/nginx/conf.d"}, release.Mount{Source: "/srv/shop/certs", Target: "/etc/nginx/certs"})
	p := proposed(t, s, nil, nil, n)
	if len(p.Changes) != 1 || p.Changes[0].Host != "/srv/shop/nginx.d/default.conf" {
		t.Errorf("the file is not patched on this machine: %+v", p.Changes)
	}
	if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, "into /srv/shop/nginx/templates/default.conf.template") || strings.Contains(notes, "/etc/nginx/conf.d,") {
		t.Errorf("the template is not named, or a folder that is there: %s", notes)
	}
}
