package layout

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/test/images"
)

const examples = "../../../examples"

// stand prepares a layout and checks at the end that nothing of it is left.
func stand(t *testing.T, l Layout) *Stand {
	t.Helper()
	if err := images.Ensure(t.Context(), func(line string) { t.Log(line) }); err != nil {
		t.Fatal(err)
	}
	s, err := Prepare(examples, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.End(); err != nil {
			t.Error(err)
		}
		gone(t, s)
	})
	return s
}

func gone(t *testing.T, s *Stand) {
	for _, list := range [][]string{
		{"ps", "-aq", "--filter", "name=" + s.ID}, {"network", "ls", "-q", "--filter", "name=" + s.ID},
		{"volume", "ls", "-q", "--filter", "name=" + s.ID}, {"images", "-q", s.ID + "*"}, {"images", "-q", s.ID + "/*/*"},
	} {
		out, err := exec.Command("docker", list...).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("docker %v: %v, left behind: %s", list, err, out)
		}
	}
	if _, err := os.Stat(s.Root); err == nil {
		t.Errorf("left behind: %s", s.Root)
	}
}

func TestScenarioEachLayoutIsReleasedByItsOwnScript(t *testing.T) {
	for _, l := range All {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			s := stand(t, l)
			if err := s.Start(ctx); err != nil {
				t.Fatal(err)
			}
			if said, err := s.Deploy(ctx, "2"); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if err := s.Serves(ctx, "2"); err != nil {
				t.Fatal(err)
			}
			for _, also := range alsoServed[l.Name] {
				if status, body, err := s.Get(ctx, also[0]); err != nil || status != http.StatusOK || !strings.Contains(body, also[1]) {
					t.Errorf("%s answers %d %q %v, want %q", also[0], status, body, err, also[1])
				}
			}
		})
	}
}

// alsoServed are pages beside the versions, and what they say.
var alsoServed = map[string][][2]string{
	"three-tiers":     {{"/robots.txt", "User-agent"}, {"/assets/shop.css", "sans-serif"}, {"/papi/stock?x=%2F", `"path":"/stock?x=%2F"`}},
	"shared-database": {{"/static/shop.css", "serif"}, {"/orders", `"twice": []`}},
}

// The health question of the pipeline is the only one of the five that a sick
// version fails.
func TestScenarioThePipelineOfTheSharedDatabaseRefusesASickVersion(t *testing.T) {
	t.Parallel()
	l, _ := Named("shared-database")
	s := stand(t, l)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	said, err := s.Deploy(t.Context(), "2", "BROKEN=1", "SLEEP=0.2")
	if err == nil || !strings.Contains(said, "green is not healthy") || !strings.Contains(said, "Listening at") {
		t.Errorf("the pipeline ends with %v and without the logs:\n%s", err, said)
	}
	if err := s.Serves(t.Context(), "1"); err != nil {
		t.Error(err)
	}
}

// A configuration that nginx refuses by now is what a release that went wrong
// leaves behind, and no reason to leave nginx behind as well.
func TestScenarioACopyWithABrokenNginxIsTakenAwayAllTheSame(t *testing.T) {
	t.Parallel()
	l, _ := Named("two-compose-files")
	s := stand(t, l)
	if out, err := s.Run(t.Context(), nil, filepath.Join(s.Root, "bin/nginx")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(s.Root, "etc/nginx/nginx.conf"), []byte("broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.End(); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Get(t.Context(), "/"); err == nil {
		t.Error("nginx still answers")
	}
}

func TestACopyReachesNothingOfTheMachines(t *testing.T) {
	for _, l := range All {
		s := &Stand{Layout: l, ID: "tt-0f0f0f", Root: t.TempDir(), ports: map[string]string{"80": "20080", "443": "20443", "8081": "21081"}}
		if err := s.copy(filepath.Join(examples, l.Name, "before")); err != nil {
			t.Fatal(err)
		}
		for _, name := range contents(t, s.App()) {
			text, err := os.ReadFile(name)
			if filepath.Base(name) == "Dockerfile" && (err != nil || !strings.Contains(string(text), "\nLABEL teal.copy=tt-0f0f0f\nWORKDIR ")) {
				t.Errorf("%s has steps that another copy has too: %v\n%s", name, err, text)
			}
		}
		if l.nginx == "" {
			continue
		}
		for _, name := range contents(t, filepath.Join(s.Root, "etc/nginx")) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rest := strings.ReplaceAll(string(text), s.Root, "")
			for _, ours := range []string{"listen 80;", "listen 443", ":8081;"} {
				if strings.Contains(rest, ours) {
					t.Errorf("%s still says %s", name, ours)
				}
			}
			for _, folder := range []string{" /etc/", " /var/", " /run/"} {
				if strings.Contains(string(text), folder) {
					t.Errorf("%s still names the machine's%s", name, folder)
				}
			}
		}
	}
}

// What a person reads of a proposal are the names of their own files.
func TestATextOfACopysIsGivenTheNamesOfTheLayout(t *testing.T) {
	for name, text := range map[string]string{
		"shared-database": "apps/shop/a.conf before_teal_shop__django shop-django-blue:8000 shop-nginx-1 /etc/nginx name: shop-net 127.0.0.1:8001 /var/lib/teal/live",
		"three-tiers":     "apps/three-tiers/a.conf $teal_three_tiers__app image: voda/app:1 container_name: app-blue 127.0.0.1:3001 /app/docker-compose.yml",
		"nginx-container": "apps/my/a.conf my-nginx $teal_my__my_server my-blue-server-1:8080 /app/nginx/templates",
	} {
		l, _ := Named(name)
		s := &Stand{Layout: l, ID: "tt-0f0f0f", Root: "/tmp/tealtest-before-1", ports: map[string]string{"8000": "21000", "8001": "21001", "3001": "21002"}}
		project := cmp.Or(l.called, l.Name)
		made := text
		for _, r := range l.rename {
			made = strings.ReplaceAll(made, r[0], strings.ReplaceAll(r[1], "ID", s.ID))
		}
		made = strings.NewReplacer(
			"apps/"+project, "apps/"+s.ID, "teal_"+strings.ReplaceAll(project, "-", "_"), "teal_tt_0f0f0f", s.ID+"-shop-nginx-1", s.ID+"-nginx-1",
			"/etc", s.Root+"/etc", "/app/", s.Root+"/app/", "/var/lib/teal", s.Root+"/state", ":8000", ":21000", ":8001", ":21001", ":3001", ":21002",
		).Replace(made)
		if got := s.Original(made); got != text {
			t.Errorf("%s: of %q\n is made %q\n   want %q", name, made, got, text)
		}
	}
}

func TestErrorsAreTheLastThatNginxSaid(t *testing.T) {
	s := &Stand{Root: t.TempDir()}
	log := filepath.Join(s.Root, "var/log/nginx/error.log")
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"short": "short", "first" + strings.Repeat(".", 5000) + "last": strings.Repeat(".", 3996) + "last"} {
		if err := os.WriteFile(log, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := s.Errors(); got != want {
			t.Errorf("%d bytes end in %q, want %d that end in %q", len(text), tailOf(got), len(want), tailOf(want))
		}
	}
}

func tailOf(s string) string { return s[max(len(s)-10, 0):] }

func contents(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
