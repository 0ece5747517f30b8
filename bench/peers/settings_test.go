package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"teal/bench/stage"
	"teal/internal/nginx/render"
	"teal/internal/release"
)

// written is what teal writes for the bench's app, below a root.
func written(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	net, err := stage.Subnet(89)
	if err != nil {
		t.Fatal(err)
	}
	own, err := render.Main(root, "www-data")
	if err != nil {
		t.Fatal(err)
	}
	site, err := render.Site(render.Input{
		App: release.App{
			Name: "bench", Services: []release.Service{{Name: stage.Service, Port: 8080, Replicas: 1}},
			Routes: []release.Route{{Path: "/", To: stage.Service}}, Proxies: []release.Proxy{{Kind: release.ProxyStandalone}},
		},
		Network: net, Place: "standalone", Own: true, Version: render.ParseVersion("1.22.1"), Listen: []string{"127.0.0.1:8080"},
		Root: root, Token: strings.Repeat("0", 32), ColorHeader: true, AuthRequest: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{mainFile: own, siteFile: site.Text} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestEachSettingChangesSomethingThatTealWrites(t *testing.T) {
	for _, one := range settings {
		root := written(t)
		was := everything(t, root)
		if err := apply(root, one.edits); err != nil {
			t.Errorf("%s: %v", one.name, err)
		}
		if everything(t, root) == was {
			t.Errorf("%s changes nothing", one.name)
		}
	}
	if err := apply(written(t), []edit{{mainFile, regexp.MustCompile(`nowhere`), ""}}); err == nil {
		t.Error("what isn't there was changed")
	}
}

func everything(t *testing.T, root string) string {
	t.Helper()
	text := ""
	for _, name := range []string{mainFile, siteFile} {
		one, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		text += string(one)
	}
	return text
}

func TestTealsNginxIsGivenOneWorkerAndNothingElse(t *testing.T) {
	config := filepath.Join(written(t), mainFile)
	was, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	got, err := oneWorker(config)
	if want := strings.Replace(string(was), "auto;", "1;\ndaemon off;", 1); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if err := os.WriteFile(config, []byte("worker_processes 4;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := oneWorker(config); err == nil {
		t.Error("a configuration that says something else was taken")
	}
}

func TestNoWorseThanTheBestIsWithinItsSpread(t *testing.T) {
	b := &bench{}
	tails := map[string]series{static.name: seriesOf([]float64{5, 6, 7}), haproxy.name: seriesOf([]float64{4, 4, 4.5}), tealBlue.name: seriesOf([]float64{4.4, 4.6, 4.6})}
	b.tailBar(ways[1], tealBlue, tails)
	tails[haproxy.name] = seriesOf([]float64{4, 4, 4.7})
	b.tailBar(ways[1], tealBlue, tails)
	if b.result.Bars[0].Verdict != "miss" || b.result.Bars[1].Verdict != "ok" {
		t.Errorf("%+v", b.result.Bars)
	}
}
