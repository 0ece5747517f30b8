package layout

import (
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
