package compose

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"teal/internal/release"
)

const surveyed = `services:
  web:
    build: ./web
    command: ["serve", "--cache", "redis:6379"]
    ports: ["127.0.0.1:8080:3000", "9229"]
    expose: ["3001", "3002-3004", "53/udp"]
    environment: {PORT: "3000", DATABASE_URL: "postgres://u:secret@db:5432/x", MODE: worker}
    healthcheck: {test: [CMD, /check], interval: 5s, timeout: 2s, retries: 4, start_period: 20s}
    volumes: ["./web.conf:/etc/web.conf", "./web:/src:ro", "media:/media", "/cache"]
    depends_on:
      db: {condition: service_healthy}
    links: [db]
    restart: always
    stop_grace_period: 45s
    deploy: {replicas: 3}
  db:
    container_name: shop-db
    image: docker.io/library/postgres:16
    volumes: ["data:/var/lib/postgresql/data"]
  worker:
    image: shop-worker
    command: ["run", "--key", "${SHOP_KEY:-none}"]
    healthcheck: {disable: true}
  debug:
    image: busybox
    profiles: [debug]
volumes: {data: {}, media: {}}
`

// surveyOf surveys a compose file in a folder of its own, which needs no engine.
func surveyOf(t *testing.T, text string) release.Survey {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "My_Shop")
	if err := os.MkdirAll(filepath.Join(dir, "web"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"compose.yaml": text, "web.conf": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	s, err := Survey(context.Background(), release.App{Dir: dir, Compose: Find(dir)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASurveyTellsWhatTheFilesSayOfAService(t *testing.T) {
	s := surveyOf(t, surveyed)
	if s.Project != "my_shop" {
		t.Errorf("the project is %q", s.Project)
	}
	if diff := cmp.Diff([]string{"debug"}, s.Off); diff != "" {
		t.Error(diff)
	}
	web, _ := s.Service("web")
	want := release.SurveyService{
		Name: "web", Build: "web", Argv: []string{"serve", "--cache", "redis:6379"}, Restart: "always",
		Ports:  []release.SurveyPort{{Target: 3000, Published: "8080", Host: "127.0.0.1", Protocol: "tcp"}, {Target: 9229, Protocol: "tcp"}},
		Expose: []int{3001}, PortVar: 3000, Check: true, CheckTime: 48 * time.Second, Grace: 45 * time.Second, Replicas: 3,
		Mounts: []release.SurveyMount{
			{Type: "bind", Source: "web.conf", Target: "/etc/web.conf", File: true},
			{Type: "bind", Source: "web", Target: "/src", ReadOnly: true},
			{Type: "volume", Source: "media", Target: "/media"},
			{Type: "volume", Target: "/cache"},
		},
		Needs:    []release.SurveyNeed{{Service: "db", Condition: "service_healthy"}},
		Mentions: []string{"db"},
	}
	if diff := cmp.Diff(want, web, cmpopts.IgnoreFields(release.SurveyService{}, "Places", "Ties")); diff != "" {
		t.Error(diff)
	}
	if len(web.Ties) != 1 || web.Ties[0].To != "db" || web.Ties[0].Fix == "" {
		t.Errorf("ties: %+v", web.Ties)
	}
	if db, _ := s.Service("db"); !db.Database || db.Container != "shop-db" {
		t.Errorf("db: %+v", db)
	}
	if worker, _ := s.Service("worker"); worker.Check || !worker.Filled {
		t.Errorf("a disabled healthcheck counts, or a variable in the command does not: %+v", worker)
	}
}

func TestASurveyNamesThePlaceOfEachKey(t *testing.T) {
	web, _ := surveyOf(t, surveyed).Service("web")
	for key, want := range map[string]string{"": "compose.yaml:2:3", "ports": "compose.yaml:5:5", "restart": "compose.yaml:13:5", "nonsense": "compose.yaml:2:3"} {
		if got := web.Place(key); got != want {
			t.Errorf("%q is at %s, want %s", key, got, want)
		}
	}
}

// A survey is printed and proposals are made of it: no value of the
// environment may be in it.
func TestASurveyHoldsNoSecret(t *testing.T) {
	if text := cmp.Diff(release.Survey{}, surveyOf(t, surveyed)); strings.Contains(text, "secret") {
		t.Errorf("the survey tells a secret:\n%s", text)
	}
}

func TestAServiceIsCalledByNameOnlyWhereItsNameIsAHost(t *testing.T) {
	const text = `services:
  web: {image: web}
  a: {image: x, environment: {URL: "http://web:80/"}}
  b: {image: x, environment: {BACKEND_HOST: web}}
  c: {image: x, command: [proxy, --to, "web:8080"]}
  d: {image: x, environment: {UPSTREAMS: "one:80,web:80"}}
  e: {image: x, environment: {ROLE: web, SITE: "http://web.example/", PATHS: "/web:/x"}}
  f: {image: x, environment: {OTHER: "http://web2:80"}}
`
	s := surveyOf(t, text)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		service, _ := s.Service(name)
		if got, want := len(service.Mentions) > 0, name < "e"; got != want {
			t.Errorf("%s calls web: %v, want %v", name, got, want)
		}
	}
}
