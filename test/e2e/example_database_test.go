package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/witness"
	"teal/test/before/layout"
)

// chained gives the project's nginx what teal keeps for it, as init says, and
// has init adopt both proxies.
func chained(t *testing.T, a *app, s *layout.Stand) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "exec", s.ID+"-shop-nginx", "nginx", "-T").Output()
	if err != nil {
		t.Fatal(err)
	}
	a.write("nginx.dump", string(out))
	args := []string{"--nginx", filepath.Join(s.Root, "etc/nginx/nginx.conf"), "--nginx-dump", "nginx=nginx.dump"}
	const mount = "      - ./static:/srv/static:ro"
	lines := mount
	for _, folder := range []string{"tables:ro", "live:ro", "flags:ro", "apps/" + s.ID} {
		path, mode, _ := strings.Cut(folder, ":")
		line := filepath.Join(a.state, path) + ":" + filepath.Join(a.state, path)
		if mode != "" {
			line += ":" + mode
		}
		if said := a.must(append([]string{"init"}, args...)...).stderr; !strings.Contains(said, line) {
			t.Fatalf("init does not say that nginx must see %s:\n%s", line, said)
		}
		lines += "\n      - " + line
	}
	a.edit("docker-compose.yml", mount, lines)
	if said, err := s.Run(t.Context(), nil, "docker-compose", "up", "-d"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	inside := kept(t, filepath.Join(a.dir, "nginx"))
	a.mounted = true
	a.adopt(s, "{http: /healthz, timeout: 20s}", args...)
	t.Cleanup(func() { // before adopt's, which takes the app away
		for path, text := range inside {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Error(err)
			}
		}
		a.reloadedInside()
	})
	a.reloadedInside()
}

// reloadedInside reloads the project's nginx as its owner would.
func (a *app) reloadedInside() {
	a.t.Helper()
	inside := box{a.t, a.id("-shop-nginx")}
	a.reloads(inside.pid(), func() {
		if code, out := inside.try("nginx", "-s", "reload"); code != 0 {
			a.t.Errorf("the project's nginx: exit %d\n%s", code, out)
		}
	})
}

// leavesBefore takes away what served before teal. Nothing may name it any more
// by then: nginx looks names of upstreams up when it starts.
func (a *app) leavesBefore(s *layout.Stand) {
	a.t.Helper()
	a.without("teal.yaml", "before:", "before_teal_")
	a.without("nginx/conf.d/default.conf", "before_teal_")
	if said, err := s.Run(a.t.Context(), nil, "docker-compose", "-p", "ID-shop-blue", "-f", "docker-compose.blue.yml", "down"); err != nil {
		a.t.Fatalf("%v\n%s", err, said)
	}
}

// without takes the lines out of a file that have one of the texts.
func (a *app) without(file string, texts ...string) {
	a.t.Helper()
	b, err := os.ReadFile(filepath.Join(a.dir, file))
	if err != nil {
		a.t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.SplitAfter(string(b), "\n"), func(line string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(line, text) })
	})
	a.write(file, strings.Join(lines, ""))
}

func TestScenarioASharedDatabaseStaysAndBothProxiesSwitch(t *testing.T) {
	t.Parallel()
	a, s := found(t, "shared-database")
	before := a.lives("-shop-db") + a.lives("-shop-redis")
	chained(t, a, s)
	a.migratesByItself()
	a.must("ci", "jenkins", "--write", "--force")
	if b, err := os.ReadFile(filepath.Join(a.dir, "Jenkinsfile")); err != nil || !strings.Contains(string(b), `teal("deploy `) {
		t.Errorf("the Jenkinsfile does not deploy: %v\n%s", err, b)
	}
	a.bothServe(1)
	if res, body := a.exchange(http.MethodPost, a.port, "/", "kept", map[string]string{"X-Order-Id": "kept"}); res.StatusCode != http.StatusOK {
		t.Fatalf("the order is answered %d %s", res.StatusCode, body)
	}
	load := witness.Start(t.Context(), visitors(s))
	a.migratesOnce(a.mustDeploy(2))
	a.bothServe(2)
	a.leavesBefore(s)
	r := a.mustDeploy(3)
	r.says("confirm table blue (host nginx, container nginx)")
	a.migratesOnce(r)
	a.bothServe(3)
	r = a.run(built.teal, []string{"VERSION=4", "BROKEN=1"}, "deploy")
	r.fails(3, "503", "last log lines of django-green-1", "Listening at", "release 2 is live in blue, as before")
	a.bothServe(3)
	a.must("rollback")
	a.bothServe(2)
	if said := a.must("status").stdout; strings.Count(said, ", current\n") != 2 {
		t.Errorf("status does not confirm both proxies:\n%s", said)
	}
	seen := a.lostNothing(load)
	if now := a.lives("-shop-db") + a.lives("-shop-redis"); now != before {
		t.Errorf("the database or Redis was restarted, or made anew:\n%s\n%s", before, now)
	}
	a.keepsItsBooks(seen.ByKind["post"] + 1)
	a.follows(s)
}

// migratesByItself takes the migrations out of the start commands and makes
// them the release command.
func (a *app) migratesByItself() {
	a.t.Helper()
	for _, file := range []string{"docker-compose.blue.yml", "docker-compose.green.yml"} {
		a.edit(file, "python manage.py migrate --noinput && ", "")
	}
	a.edit("teal.yaml", "\nproxy:", "\ndeploy:\n  release: {service: django, command: [python, manage.py, migrate, --noinput]}\nproxy:")
}

// migratesOnce checks that a release ran its migrations, and its servers did not.
func (a *app) migratesOnce(r result) {
	a.t.Helper()
	const line = "Running migrations:"
	if n := strings.Count(r.stdout, line); n != 1 {
		a.t.Errorf("%d runs of the migrations, want one: %v", n, r)
	}
	if said := a.must("logs", "django").stdout; strings.Contains(said, line) {
		a.t.Errorf("a server migrates:\n%s", said)
	}
	box{a.t, a.id("-shop-db")}.says("(1)", "env", "PGPASSWORD=shop", "psql", "-h", "127.0.0.1", "-U", "postgres", "-Atc", "select '(' || count(*) || ')' from django_migrations where app = 'orders'", "shop")
}

// bothServe asks by way of both proxies, and of the one in front alone.
func (a *app) bothServe(version int) {
	a.t.Helper()
	a.answers("/", version)
	a.answers("/api/", version)
}

// lives is which container it is, since when it runs, and how often it was
// started again.
func (a *app) lives(part string) (life string) {
	a.t.Helper()
	id := a.id(part)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		found, err := cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if err == nil && !found.Container.State.Running {
			err = fmt.Errorf("%s is %s", part, found.Container.State.Status)
		}
		if err == nil {
			life = fmt.Sprintf("%s %.12s since %s, %d restarts. ", part, id, found.Container.State.StartedAt, found.Container.RestartCount)
		}
		return err
	})
	return life
}

// keepsItsBooks checks that each order is there, once, in PostgreSQL and in
// what Redis has counted, and the style sheet too.
func (a *app) keepsItsBooks(orders int) {
	a.t.Helper()
	if res, body := a.exchange(http.MethodGet, a.port, "/static/shop.css", "", nil); res.StatusCode != http.StatusOK || !strings.Contains(body, "serif") {
		a.t.Errorf("the style sheet is answered %d %s", res.StatusCode, body)
	}
	_, books := a.exchange(http.MethodGet, a.port, "/orders", "", nil)
	if want := fmt.Sprintf(`"orders": %d, "twice": [], "redis": %d`, orders, orders); !strings.Contains(books, want) {
		a.t.Errorf("the orders are %s, want %s", books, want)
	}
}
