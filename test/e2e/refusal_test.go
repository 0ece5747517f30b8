package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Bad input: each is refused with its message and exit code, and the state is
// as it was.

// snapshot is all that a refused command must leave alone.
type snapshot struct {
	Status     statusView
	Containers map[string]string // name → id and state
	Files      map[string]string // rendered config and tables, with what links point to
	Page       string
}

func (a *app) snapshot() snapshot {
	a.t.Helper()
	s := snapshot{Status: a.status(), Containers: map[string]string{}, Files: map[string]string{}}
	for _, c := range a.containers() {
		s.Containers[c.Names[0]] = c.ID + " " + string(c.State)
	}
	for _, dir := range []string{"apps", "live", "flags", "proxy"} {
		a.files(filepath.Join(a.state, dir), s.Files)
	}
	_, s.Page = a.get("/")
	return s
}

// files reads configs and links under a folder; logs and the like may grow.
func (a *app) files(dir string, into map[string]string) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if d.Type()&os.ModeSymlink != 0 {
			into[path], _ = os.Readlink(path)
		} else if strings.HasSuffix(path, ".conf") {
			b, _ := os.ReadFile(path)
			into[path] = string(b)
		} else {
			into[path] = ""
		}
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// refused runs a command that has to fail and checks that it changed nothing.
func (a *app) refused(do func() result, code int, texts ...string) {
	a.t.Helper()
	before := a.snapshot()
	do().fails(code, append(texts, "next:")...)
	if diff := cmp.Diff(before, a.snapshot()); diff != "" {
		a.t.Errorf("the state is not as it was:\n%s", diff)
	}
}

func TestScenarioMistakesInTealYamlChangeNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	for _, tc := range []struct{ name, old, with, want string }{
		{"an unknown key", "replicas", "replicsa", ""},
		{"a key with a typing error", "health:", "helth:", "teal.yaml:3:"},
		{"a wrong type", "port: 8080", "port: [1]", "teal.yaml:3:"},
		{"a bad duration", "timeout: 5s", "timeout: 5 seconds", "teal.yaml:9:"},
		{"a route to a service that is not there", "to: web", "to: wbe", "web"},
		{"a routed service without a port", "port: 8080, ", "", "port"},
		{"two routes alike", "  - {path: /, to: web}", "  - {path: /, to: web}\n  - {path: /, to: web}", "teal.yaml:7:"},
		{"a service compose does not have", "  web: {port: 8080", "  wep: {port: 8080", "web"},
		{"a config directive in a path", "path: /,", "path: \"/; return 200;\",", "teal.yaml:6:"},
		{"a newline in a listen address", "127.0.0.1:PORT", "127.0.0.1:80\\n}", "teal.yaml:4:"},
	} {
		a.config(tealFile)
		old := strings.ReplaceAll(tc.old, "PORT", fmt.Sprint(a.port))
		if tc.name == "an unknown key" {
			a.edit("teal.yaml", "{port: 8080", "{replicsa: 2, port: 8080")
			tc.want = "replicas"
		} else {
			a.edit("teal.yaml", old, tc.with)
		}
		if tc.name == "a service compose does not have" {
			a.edit("teal.yaml", "to: web", "to: wep")
		}
		bad := a.teal("deploy")
		a.config(tealFile)
		t.Run(tc.name, func(t *testing.T) {
			bad.t = t
			bad.fails(2, tc.want, "next:")
		})
		a.serves(1)
	}
	if v := a.status(); v.Colors["blue"].Release != 1 || v.Colors["green"].State != "empty" {
		t.Errorf("a refused deploy left something: %+v", v)
	}
}

func TestScenarioWhatComposeRefusesIsToldInItsWords(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.refused(func() result {
		a.edit("compose.yaml", "    image:", "    imagge:")
		defer a.write("compose.yaml", composeFile)
		return a.teal("deploy")
	}, 2, "compose.yaml", "imagge")
	a.refused(func() result {
		a.edit("compose.yaml", "    image:", "    network_mode: \"service:store\"\n    image:")
		defer a.write("compose.yaml", composeFile)
		return a.teal("deploy")
	}, 2, "compose.yaml:3", "network_mode")
}

func TestScenarioNothingToRollBackToIsSaid(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.teal("rollback").fails(2, "nothing to roll back", "nothing of "+a.name+" is live", "next:  teal deploy")
	a.mustDeploy(1)
	a.refused(func() result { return a.teal("rollback") }, 2, "nothing to roll back to", "release 1 is live in blue")
	a.refused(func() result { return a.teal("rollback", "--to", "7") }, 2, "release 7 can't be run again")
	a.refused(func() result { return a.teal("rollback", "--to", "1") }, 2, "release 1 is live already")
}

func TestScenarioWithoutDockerNothingHappens(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.refused(func() result {
		a.env = []string{"DOCKER_HOST=unix:///nonexistent/docker.sock"}
		defer func() { a.env = nil }()
		return a.teal("deploy")
	}, 5, "/nonexistent/docker.sock")
	a.refused(func() result {
		a.env = []string{"DOCKER_HOST=" + oldEngine(t)}
		defer func() { a.env = nil }()
		return a.teal("deploy")
	}, 5, "19.03.15", "20.10")
}

// oldEngine answers what an engine answers that is too old: its version.
func oldEngine(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.40")
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/version") {
			fmt.Fprint(w, `{"Version":"19.03.15","ApiVersion":"1.40","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}`)
			return
		}
		fmt.Fprint(w, "OK")
	}
	s := &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: time.Second}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "tcp://" + l.Addr().String()
}

func TestScenarioAnAppOfAnotherStateRootIsLeftAlone(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	for _, command := range []string{"deploy", "rollback", "status"} {
		a.refused(func() result { return a.teal(command, "--state", filepath.Join(a.dir, "elsewhere")) }, 2, a.state)
	}
	a.refused(func() result { return a.teal("down", "--yes", "--state", filepath.Join(a.dir, "elsewhere")) }, 2, a.state)
}

func TestScenarioAnImageThatDoesNotExistStopsAtThePull(t *testing.T) {
	t.Parallel()
	registry := newRegistry(t)
	a := newApp(t)
	a.mustDeploy(1)
	a.refused(func() result {
		a.edit("compose.yaml", image, registry+"/shop/web:nope")
		defer a.write("compose.yaml", composeFile)
		return a.teal("deploy")
	}, 3, registry+"/shop/web:nope", "web", "release 1 is live in blue, as before")
}

func TestScenarioDownAsksFirst(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.refused(func() result { return a.teal("down") }, 2, "not agreed to", "nothing was changed")
	a.must("down", "--yes")
	left := a.leftovers()
	if len(left) != 2 || !strings.Contains(strings.Join(left, " "), "volume "+a.name+"_data") {
		t.Errorf("down without --volumes left %v, want the volume and nginx", left)
	}
	a.mustDeploy(2) // the volume is there again
	a.must("down", "--yes", "--volumes")
	a.must("proxy", "down")
	if left := a.leftovers(); len(left) > 0 {
		t.Errorf("down --volumes left %v", left)
	}
}
