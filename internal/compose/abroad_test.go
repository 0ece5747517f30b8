package compose

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"teal/internal/release"
)

// watched is an address that counts who comes.
func watched(t *testing.T) (addr string, came *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	came = &atomic.Int32{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			c.Close()
		}
	}()
	return l.Addr().String(), came
}

// tree is all that lies in the folder.
func tree(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestComposeFilesOfAnotherMachineAreRefusedUnasked(t *testing.T) {
	addr, came := watched(t)
	t.Setenv("HOME", t.TempDir())           // where what is fetched would be kept
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // or here
	const web = "services: {web: {image: x}}\n"
	for name, compose := range map[string]string{
		"an image":        "include: ['oci://user:" + secret + "@" + addr + "/x:1']\n" + web,
		"git":             "include: ['http://" + addr + "/x.git?key=" + secret + "#main:compose.yaml']\n" + web,
		"git by ssh":      "include: ['git@" + addr + ":x.git']\n" + web,
		"the second file": "include: [{path: [compose.more.yaml, 'git://" + addr + "/x']}]\n" + web,
		"extends":         "services: {web: {extends: {file: 'oci://" + addr + "/x', service: web}}}\n",
		"a file's own":    "include: [further.yaml]\n" + web,
		"by a variable":   "include: ['${FROM:-oci://" + addr + "/x}']\n" + web,
	} {
		t.Run(name, func(t *testing.T) {
			app := written(t, compose, "web")
			write(t, filepath.Join(app.Dir, "compose.more.yaml"), "services: {}\n")
			write(t, filepath.Join(app.Dir, "further.yaml"), "include: ['oci://"+addr+"/x']\n")
			before := tree(t, app.Dir)
			_, err := files{app}.load(t.Context(), variables{})
			e := known(t, err, release.Invalid)
			if !strings.Contains(e.What, "lies on another machine") || !strings.Contains(e.What, addr) || strings.Contains(e.What, secret) || e.State == "" || e.Next == "" {
				t.Errorf("got %#v", e)
			}
			if after := tree(t, app.Dir); !slices.Equal(before, after) || len(tree(t, os.Getenv("HOME"))) > 1 || len(tree(t, os.Getenv("XDG_CACHE_HOME"))) > 1 {
				t.Errorf("something was written: %v", after)
			}
		})
	}
	if came.Load() > 0 {
		t.Errorf("%d connections were made", came.Load())
	}
}

const secret = "tealtestcanary"

// A compose file of this machine includes its neighbors, by .. and by links, as
// with docker compose: whoever writes it could name any path as a volume too.
func TestAComposeFileMayIncludeItsNeighbors(t *testing.T) {
	app := written(t, `
include: [../beside/more.yaml, linked.yaml]
services:
  web: {extends: {file: ../beside/base.yaml, service: base}, env_file: ../beside/web.env}
`, "web")
	beside := filepath.Join(filepath.Dir(app.Dir), "beside")
	if err := os.MkdirAll(beside, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(beside, "more.yaml"), "services: {cache: {image: x, volumes: ['./data:/data']}}\n")
	write(t, filepath.Join(beside, "away.yaml"), "services: {queue: {image: x}}\n")
	write(t, filepath.Join(beside, "base.yaml"), "services: {base: {image: y}}\n")
	write(t, filepath.Join(beside, "web.env"), "FROM=beside\n")
	if err := os.Symlink(filepath.Join(beside, "away.yaml"), filepath.Join(app.Dir, "linked.yaml")); err != nil {
		t.Fatal(err)
	}
	p, err := files{app}.load(t.Context(), variables{})
	if err != nil {
		t.Fatal(err)
	}
	web := p.Services["web"]
	if web.Image != "y" || web.Environment["FROM"] == nil || p.Services["queue"].Image != "x" {
		t.Errorf("got %+v", p.Services)
	}
	want := filepath.Join(beside, "data")
	if got := p.Services["cache"].Volumes; len(got) != 1 || got[0].Source != want {
		t.Errorf("a path of the included file leads to %+v", got)
	}
}

// Paths that lead nowhere useful are told as such, and end.
func TestAnIncludeThatCannotBeReadIsTold(t *testing.T) {
	for name, to := range map[string]string{
		"no such file or directory": "none.yaml", "is a directory": ".", "too many levels of symbolic links": "loop.yaml",
		"include cycle detected": "compose.yaml",
	} {
		t.Run(name, func(t *testing.T) {
			app := written(t, "include: ['"+to+"']\nservices: {web: {image: x}}\n", "web")
			if err := os.Symlink("loop.yaml", filepath.Join(app.Dir, "loop.yaml")); err != nil {
				t.Fatal(err)
			}
			_, err := files{app}.load(t.Context(), variables{})
			if e := known(t, err, release.Invalid); !strings.Contains(strings.Join(e.Detail, "\n"), name) {
				t.Errorf("got %#v", e)
			}
		})
	}
}

func TestAValueThatCannotBeReadIsNotRepeated(t *testing.T) {
	const fromFile = "services: {web: {image: x, env_file: web.env}}\n"
	for name, c := range map[string]struct{ compose, env, told string }{
		"a line without a name":           {fromFile, "A=1\n" + secret + "+x/y=\nB=2\n", "line 2: "},
		"a quote that doesn't end":        {fromFile, "A=\"" + secret + "\nB=2\n", "a quote that never ends"},
		"a dollar sign":                   {fromFile, "A=x${" + secret + "\n", "web.env: a $"},
		"one in the compose file":         {"services: {web: {image: x, environment: {A: 'x${" + secret + "'}}}\n", "", "services.web.environment.A: a $"},
		"a number that is none":           {"services: {web: {image: x, cpus: '${NONE:-" + secret + "}'}}\n", "", "services.web.cpus: "},
		"a line of the app's environment": {"services: {web: {image: x}}\n", "", ".env"},
	} {
		t.Run(name, func(t *testing.T) {
			app := written(t, c.compose, "web")
			write(t, filepath.Join(app.Dir, "web.env"), c.env)
			if c.told == ".env" {
				write(t, filepath.Join(app.Dir, ".env"), secret+"+x\n")
			}
			_, err := files{app}.load(t.Context(), variables{})
			e := known(t, err, release.Invalid)
			text := err.Error() + e.Error() + strings.Join(e.Detail, "\n")
			if strings.Contains(text, secret) || !strings.Contains(text, c.told) {
				t.Errorf("told: %s", text)
			}
		})
	}
}
