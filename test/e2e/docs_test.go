package e2e

import (
	"os"
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
