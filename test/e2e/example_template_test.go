package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/witness"
)

// The other way that init names for nginx-container: the server block stays the
// owner's, and with it the template that it is made from.
func TestScenarioAnNginxContainerKeepsItsTemplateAndIsAdopted(t *testing.T) {
	t.Parallel()
	c := newBoxedSite(t)
	theirs := c.leftovers()
	t.Cleanup(func() { c.moveOut(theirs) })
	c.seesTeal()
	c.b = browse(t, c.s, filepath.Join(c.dir, "certs/my.example.crt"))
	as := c.read("nginx.d/default.conf")
	t.Cleanup(func() { // before moveOut: teal's files stay while a server block includes them
		c.write("nginx.d/default.conf", as)
		c.reloadsNginx()
	})
	c.must("init", "--write", "--nginx-dump", "nginx=nginx.dump")
	c.patchesTheTemplate()
	c.filledIn("teal.yaml", noCheck.ReplaceAllString(c.read("teal.yaml"), "health: {http: /healthz, timeout: 20s}"))
	c.filledIn("compose.teal.yaml", strings.Replace(c.read("compose.teal.yaml"), "blue-server-1}}", `blue-server-1}, environment: {PROFILE: "server-${TEAL_REPLICA:-1}"}}`, 1))
	c.reloadsNginx()
	c.serves(1)
	load := witness.Start(t.Context(), visitors(c.s))
	c.mustDeploy(2)
	c.serves(2)
	c.mustDeploy(3)
	c.serves(3)
	c.run(built.teal, []string{"VERSION=4", "BROKEN=1"}, "deploy").fails(3, "503", "blue")
	c.serves(3)
	c.must("rollback")
	c.serves(2)
	c.lostNothing(load)
	c.startsFromTheTemplate()
	c.serves(2)
}

// seesTeal gives nginx what init says that it must see, makes it anew once, and
// has the script patch the addresses in, as whenever nginx is made anew.
func (c *boxedSite) seesTeal() {
	c.t.Helper()
	c.dumps()
	said := c.must("init", "--nginx-dump", "nginx=nginx.dump").stderr
	_, list, found := strings.Cut(said, "add to its volumes ")
	list, _, ended := strings.Cut(list, ", and start it anew once")
	if !found || !ended || !strings.Contains(list, "./nginx.d:/etc/nginx/conf.d") {
		c.t.Fatalf("init does not say what nginx must see:\n%s", said)
	}
	const last = "      - ./logs:/var/log/nginx"
	c.edit("docker-compose.yml", last, last+"\n      - "+strings.ReplaceAll(list, ", ", "\n      - "))
	if err := c.s.SetUp(c.t.Context(), "./run.sh", "init"); err != nil {
		c.t.Fatal(err)
	}
	c.dumps()
}

// patchesTheTemplate writes the lines of the diff into it.
func (c *boxedSite) patchesTheTemplate() {
	c.t.Helper()
	const template = "nginx/templates/default.conf.template"
	text := c.read(template)
	for line := range strings.Lines(c.read("nginx.d/default.conf")) {
		switch {
		case strings.HasSuffix(line, "# teal\n"):
			text = strings.Replace(text, "ssl http2;\n    server_name ${DOMAIN};\n", "ssl http2;\n    server_name ${DOMAIN};\n"+line, 1)
		case strings.Contains(line, "proxy_pass http://$teal_"):
			text = strings.Replace(text, "        proxy_pass http://my_server;\n", line+"        proxy_redirect http://my_server/ /;\n", 1)
		}
	}
	if strings.Count(text, "teal_") != 1 || strings.Count(text, "# teal") != 1 {
		c.t.Fatalf("the template has not got the diff's lines:\n%s", text)
	}
	c.write(template, text)
}

func (c *boxedSite) reloadsNginx() {
	c.t.Helper()
	inside := box{c.t, c.id("-my-nginx")}
	c.reloads(inside.pid(), func() {
		if code, out := inside.try("nginx", "-s", "reload"); code != 0 {
			c.t.Errorf("nginx: exit %d\n%s", code, out)
		}
	})
}

// startsFromTheTemplate takes away what served before and what nginx has made
// of the template, and starts nginx anew: nobody patches addresses in any more.
func (c *boxedSite) startsFromTheTemplate() {
	c.t.Helper()
	c.remove("-my-blue-server-1")
	c.remove("-my-blue-server-2")
	if err := os.Remove(filepath.Join(c.dir, "nginx.d/default.conf")); err != nil {
		c.t.Fatal(err)
	}
	id := c.id("-my-nginx")
	c.docker(func(ctx context.Context, cli *client.Client) error { return restartIt(ctx, cli, id) })
	c.until("nginx answers", 20*time.Second, func() bool { return c.missing(2) == "" })
}

// filledIn writes a file that is to be another one than it was.
func (c *boxedSite) filledIn(file, text string) {
	c.t.Helper()
	if c.read(file) == text {
		c.t.Fatalf("nothing to fill in in %s:\n%s", file, text)
	}
	c.write(file, text)
}
