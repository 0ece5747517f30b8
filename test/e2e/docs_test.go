package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The pages' commands, as they stand there. What is replaced is what another
// test, or another machine, has differently: names, ports, the host.

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// part is a block of the page, which must be there.
func part(t *testing.T, text, info string) string {
	t.Helper()
	body, found := block(text, info)
	if !found {
		t.Fatalf("the page has no block %q", info)
	}
	return body
}

// each runs every line of the page's block.
func (a *app) each(text, info string) {
	a.t.Helper()
	for line := range strings.Lines(part(a.t, text, info)) {
		a.documented(strings.TrimSpace(line))
	}
}

func TestScenarioThePageOnAdoptingHolds(t *testing.T) {
	t.Parallel()
	a := bare(t)
	text := page(t, "adopting.md")
	a.compose(strings.NewReplacer(
		"name: shop", "name: NAME", "127.0.0.1:8080:8080", "127.0.0.1:PORT:8080",
		"image: shop-web:${VERSION:-1}", "image: "+image+"\n    command: [/web]", "image: shop-store:1", "image: "+image+"\n    command: [/store]",
	).Replace(part(t, text, "yaml compose.yaml")))
	a.each(text, "sh adopt")
	if code, body := a.get("/"); code != 200 {
		t.Errorf("the site answers %d %s", code, body)
	}
	a.must("init", "--json").says(`"type":"proposal"`)
	a.teal("init", "--write").fails(2, "is there already")
	v := a.status()
	if v.Live != "blue" || len(v.Colors["blue"].Services) != 1 || v.Colors["blue"].Services[0].Name != "web" {
		t.Errorf("web alone is to be colored: %+v", v)
	}
}

// The page's nginx of this machine and the one in a container, edge, both lead
// to web: the first is in a folder of the test, of the other there is what
// nginx -T would print.
func TestScenarioThePageOnAdoptingAnNginxHolds(t *testing.T) {
	t.Parallel()
	h, web := newHost(t), before(t, "web")
	h.compose("name: NAME\nservices:\n  web:\n    image: " + image + "\n    ports: [\"" + web + ":8080\"]\n  edge:\n    image: nginx:1\n    volumes: [\"./conf:/etc/nginx/conf.d\"]\n")
	own := fmt.Sprintf("server {\n    listen 127.0.0.1:%d;\n    server_name shop.example;\n    location / { proxy_pass http://%s; }\n}\n", h.app.port, web)
	reload := func() { h.reloads(masterOf(t, filepath.Join(h.etc, "nginx.pid")), func() { h.nginx("-s", "reload") }) }
	h.put("sites-enabled/shop", own)
	reload()
	t.Cleanup(func() { // while nginx runs
		h.put("sites-enabled/shop", own)
		reload()
		h.must("down", "--yes")
	})
	const site = "server {\n    listen 80;\n    location / { proxy_pass http://web:8080; }\n}\n"
	dump := "# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n# configuration file /etc/nginx/conf.d/default.conf:\n" + site
	if err := errors.Join(os.Remove(filepath.Join(h.dir, "teal.yaml")), os.Mkdir(filepath.Join(h.dir, "conf"), 0o755)); err != nil {
		t.Fatal(err)
	}
	h.write("conf/default.conf", site)
	h.write("nginx.dump", dump)
	reloaded := false
	h.others = map[string]func() string{
		"docker exec edge nginx -T": func() string { return dump },
		"nginx -s reload":           func() string { reload(); reloaded = true; return "" },
	}
	main := filepath.Join(h.etc, "nginx.conf")
	text := part(t, page(t, "adopting.md"), "sh nginx")
	text = strings.NewReplacer("/opt/nginx/nginx.conf", main, "/etc/nginx/nginx.conf", main,
		"teal init --nginx", "teal init --nginx", "teal init ", "teal init --nginx "+main+" ").Replace(text)
	for line := range strings.Lines(text) {
		h.documented(strings.TrimSpace(line))
	}
	b, err := os.ReadFile(filepath.Join(h.etc, "sites-enabled/shop"))
	if err != nil || !strings.Contains(string(b), "proxy_pass http://$teal_") || !reloaded {
		t.Errorf("the nginx of this machine was not adopted: %v\n%s", err, b)
	}
	if said := h.ask(h.app.port, "shop.example"); !strings.Contains(said, "before: web") {
		t.Errorf("what served before no longer does: %s", said)
	}
}

func TestScenarioThePageOnConfigurationHolds(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.each(page(t, "configuration.md"), "sh editor")
	written, err := os.ReadFile(filepath.Join(a.dir, "teal.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if beside := page(t, "teal.schema.json"); string(written) != beside {
		t.Error("the schema that lies beside the page is another one")
	}
}

func TestScenarioThePageOnHostsHolds(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	a.mustDeploy(1)
	text := strings.NewReplacer(
		"ssh://deploy@shop.example", s.url(), "-f /srv/shop/", "--state "+a.state+" -f "+a.dir+"/",
	).Replace(page(t, "remote.md"))
	a.each(text, "sh remote")
	a.serves(2)
}
