package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"teal/test/before/layout"
)

// exampled is a copy of an example as people have it, with teal's own files
// beside theirs: on a free port, under a name of its own.
func exampled(t *testing.T, name string) (*app, *layout.Stand) {
	t.Helper()
	packaged(t)
	l, ok := layout.Named(name)
	if !ok {
		t.Fatalf("no layout %s", name)
	}
	s, err := layout.Prepare("../../examples", l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.End(); err != nil {
			t.Error(err)
		}
	})
	a := &app{t: t, name: s.ID, dir: s.App(), state: filepath.Join(s.Root, "state"), port: freePort(t), host: s.Host(), env: s.Env()}
	for _, file := range []string{"teal.yaml", "compose.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../examples", name, file))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		a.write(file, string(text))
	}
	own, _ := os.ReadFile(filepath.Join(a.dir, "teal.yaml"))
	first, _, _ := strings.Cut(string(own), "\n")
	a.edit("teal.yaml", first, "app: "+a.name)
	a.edit("teal.yaml", `listen: ["80"]`, fmt.Sprintf(`listen: ["127.0.0.1:%d"]`, a.port))
	t.Cleanup(func() { a.end(a.state) })
	return a, s
}

// answers checks that clients who name the site get the given version.
func (a *app) answers(path string, version int) {
	a.t.Helper()
	res, body := a.exchange(http.MethodGet, a.port, path, "", nil)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, fmt.Sprintf("version %d", version)) {
		a.t.Errorf("%s answers %d %s, want version %d", path, res.StatusCode, body, version)
	}
}

// slack is a receiver of messages.
func slack(t *testing.T) (url string, heard func() string) {
	var mu sync.Mutex
	var all strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&all, r.Body)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

func TestScenarioTheExampleWithARegistryIsPulledReleasedAndRolledBack(t *testing.T) {
	t.Parallel()
	a, s := exampled(t, "registry-and-backup")
	a.edit("teal.yaml", "timeout: 1m", "timeout: 3s")
	url, heard := slack(t)
	a.env = append(a.env, "SLACK_WEBHOOK="+url)
	deploy := func(version string, env ...string) result {
		t.Helper()
		if err := s.Push(t.Context(), version); err != nil {
			t.Fatal(err)
		}
		return a.run(built.teal, append(env, "TAG="+version), "deploy")
	}
	deploy("1").fails(0)
	a.answers("/", 1)
	load := a.gentle()
	deploy("2").fails(0)
	a.answers("/", 2)
	deploy("3", "BROKEN=1").fails(3)
	a.answers("/", 2)
	a.must("rollback")
	a.answers("/", 1)
	a.unhurt(load)
	for _, text := range []string{"release 1 is out, blue is live", "deploy of release 3 failed, green is live", "rolled back to release 1, blue is live"} {
		if !strings.Contains(heard(), text) {
			t.Errorf("Slack never heard %q: %s", text, heard())
		}
	}
}

func TestScenarioTheExampleWithASharedDatabaseKeepsItsDatabase(t *testing.T) {
	t.Parallel()
	a, s := exampled(t, "shared-database")
	a.edit("teal.yaml", "timeout: 1m", "timeout: 5s")
	if said, err := s.Run(t.Context(), nil, "docker-compose", "up", "-d"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	box{t, a.id("-shop-db")}.says("accepting", "pg_isready", "-h", "127.0.0.1")
	shared := func() string { return a.id("-shop-db") + a.id("-shop-redis") }
	before := shared()
	a.mustDeploy(1)
	a.answers("/", 1)
	if res, body := a.exchange(http.MethodPost, a.port, "/", "kept", map[string]string{"X-Order-Id": "kept"}); res.StatusCode != http.StatusOK {
		t.Fatalf("the order is answered %d %s", res.StatusCode, body)
	}
	load := a.gentle()
	a.mustDeploy(2)
	a.answers("/any/page", 2)
	a.run(built.teal, []string{"VERSION=3", "BROKEN=1"}, "deploy").fails(3, "503")
	a.answers("/", 2)
	a.must("rollback")
	a.answers("/", 1)
	seen := load.Stop()
	if seen.Lost() != 0 || seen.ByKind["post"] == 0 {
		t.Errorf("the witness lost %d of %d: %s", seen.Lost(), seen.Sent, seen.First)
	}
	if shared() != before {
		t.Error("the database or Redis was made anew")
	}
	if res, body := a.exchange(http.MethodGet, a.port, "/static/shop.css", "", nil); res.StatusCode != http.StatusOK || !strings.Contains(body, "serif") {
		t.Errorf("the style sheet is answered %d %s", res.StatusCode, body)
	}
	_, books := a.exchange(http.MethodGet, a.port, "/orders", "", nil)
	if want := fmt.Sprintf(`"orders": %d, "twice": []`, seen.ByKind["post"]+1); !strings.Contains(books, want) {
		t.Errorf("the orders are %s, want %s", books, want)
	}
}
