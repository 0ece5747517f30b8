package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/witness"
	"teal/test/before/layout"
)

func TestScenarioAnNginxContainerOfTheProjectIsTakenOverWithItsServers(t *testing.T) {
	t.Parallel()
	c := newBoxedSite(t)
	c.initTellsTheWay()
	c.moveIn()
	c.serves(1)
	c.keepsPosts()
	load := witness.Start(t.Context(), visitors(c.s))
	c.mustDeploy(2)
	c.serves(2)
	c.run(built.teal, []string{"VERSION=3", "BROKEN=1"}, "deploy").fails(3, "503", "green")
	c.serves(2)
	c.must("rollback")
	c.serves(1)
	c.lostNothing(load)
	c.restartsAServer()
	c.logsOnTheHost()
	c.follows(c.s)
}

// boxedSite is the example whose nginx is in a container of the project.
type boxedSite struct {
	*app
	s *layout.Stand
	b *tiers // since the site has its certificate
}

func newBoxedSite(t *testing.T) *boxedSite {
	a, s := found(t, "nginx-container")
	a.mounted = true
	return &boxedSite{app: a, s: s}
}

// initTellsTheWay checks that init, which can't patch a file that is made when
// the container starts, says so, and what may be done.
func (c *boxedSite) initTellsTheWay() {
	c.t.Helper()
	plain := c.must("init")
	plain.says("proxy: {kind: container, service: nginx}")
	if !strings.Contains(plain.stderr, "docker exec "+c.s.ID+"-my-nginx nginx -T") {
		c.t.Errorf("init does not say how it gets to read nginx's files: %v", plain)
	}
	c.proposes(c.s, []string{"init", "--nginx-dump", "nginx=" + c.dumps()})
	read := c.fed(c.read("nginx.dump"), built.teal, nil, "init", "--nginx-dump", "nginx=-")
	for _, text := range []string{"nginx/templates/default.conf.template", "self_signed", "TEAL_REPLICA"} {
		if !strings.Contains(read.stderr, text) {
			c.t.Errorf("init does not tell of %q: %v", text, read)
		}
	}
}

// dumps keeps what nginx prints of its files, and returns where.
func (c *boxedSite) dumps() string {
	c.t.Helper()
	dump, err := exec.CommandContext(c.t.Context(), "docker", "exec", c.s.ID+"-my-nginx", "nginx", "-T").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	c.write("nginx.dump", string(dump))
	return "nginx.dump"
}

func (c *boxedSite) read(file string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// moveIn does what the example's page says: nginx is made anew, with teal's
// folders, and the servers that run.sh has started go. No certificate is there.
func (c *boxedSite) moveIn() {
	c.t.Helper()
	for _, file := range []string{"teal.yaml", "compose.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../examples/nginx-container", file))
		if err != nil {
			c.t.Fatal(err)
		}
		named := strings.NewReplacer("app: my\n", "app: "+c.s.ID+"\n", "name: my-network", "name: net-"+c.s.ID, "my-", c.s.ID+"-my-", "timeout: 1m}", "timeout: 20s}")
		c.write(file, named.Replace(string(text)))
	}
	theirs := c.leftovers()
	c.t.Cleanup(func() { c.moveOut(theirs) })
	for _, pair := range []string{"my.example.crt", "my.example.key"} {
		if err := os.Remove(filepath.Join(c.dir, "certs", pair)); err != nil {
			c.t.Fatal(err)
		}
	}
	c.deploy(1).fails(2, "docker rm -f "+c.s.ID+"-my-nginx, then teal deploy")
	c.remove("-my-nginx")
	c.mustDeploy(1)
	c.b = browse(c.t, c.s, filepath.Join(c.dir, "certs/my.example.crt"))
	c.remove("-my-blue-server-1")
	c.remove("-my-blue-server-2")
}

func (c *boxedSite) moveOut(theirs []string) {
	if c.t.Failed() {
		c.evidence()
	}
	if r := c.teal("down", "--volumes", "--yes"); r.code != 0 {
		c.t.Errorf("at the end: %v", r)
	}
	for _, left := range c.leftovers() {
		if !slices.Contains(theirs, left) {
			c.t.Errorf("left behind: %s", left)
		}
	}
}

func (c *boxedSite) remove(part string) {
	c.t.Helper()
	id := c.id(part)
	c.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true})
		return err
	})
}

// serves checks that both servers answer, each with a profile of its own, over
// HTTP/1.1 and HTTP/2.
func (c *boxedSite) serves(version int) {
	c.t.Helper()
	if missing := c.missing(version); missing != "" {
		c.t.Error(missing)
	}
}

func (c *boxedSite) missing(version int) string {
	for protocol, from := range map[int]*http.Client{1: c.b.h1, 2: c.b.h2} {
		seen := map[string]int{}
		for range 8 {
			text := c.page(from, protocol)
			seen[text]++
		}
		for n := 1; n <= 2; n++ {
			if text := fmt.Sprintf("version %d of server-%d\n", version, n); seen[text] == 0 || len(seen) != 2 {
				return fmt.Sprintf("HTTP/%d: nobody answers %q among %v", protocol, text, seen)
			}
		}
	}
	return ""
}

func (c *boxedSite) page(from *http.Client, protocol int) string {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d/", c.port), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Host = c.host
	res, err := from.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	if res.ProtoMajor != protocol {
		return res.Proto
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// keepsPosts checks that plain HTTP is led to HTTPS in a way that a POST stays
// one: a client follows, and the server takes the order.
func (c *boxedSite) keepsPosts() {
	c.t.Helper()
	res, _ := c.exchange(http.MethodPost, c.s.Plain, "/orders?of=them", "kept", nil)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusPermanentRedirect || to != "https://"+c.host+"/orders?of=them" {
		c.t.Fatalf("a plain POST is answered %d, to %q", res.StatusCode, to)
	}
	follow := *c.b.h1
	follow.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		next.URL.Host = fmt.Sprintf("127.0.0.1:%d", c.port) // where 443 of the name is, here
		next.Host = c.host
		return nil
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/", c.s.Plain), strings.NewReader("kept"))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Host = c.host
	if res, body := c.sent(&follow, req); res.StatusCode != http.StatusOK || !strings.Contains(body, "took kept, 1 times") {
		c.t.Errorf("the POST that was led on is answered %d %s", res.StatusCode, body)
	}
}

// restartsAServer restarts one of the two live servers under load: its address
// stays, and only what was inside of it may be lost.
func (c *boxedSite) restartsAServer() {
	c.t.Helper()
	const clients = 8
	id, load := c.id("-my-server-blue-1-1"), witness.Start(c.t.Context(), c.s.Load(clients, layout.Think))
	before := c.addressOf(id)
	c.docker(func(ctx context.Context, cli *client.Client) error { return restartIt(ctx, cli, id) })
	// A worker of nginx that met it dead asks it again after a second.
	c.until("both servers answer again", 10*time.Second, func() bool { return c.missing(1) == "" })
	if now := c.addressOf(id); now != before || !now.IsValid() {
		c.t.Errorf("the restarted server had %s and has %s", before, now)
	}
	if seen := load.Stop(); seen.Lost() > clients || seen.Answered == 0 {
		c.t.Errorf("the restart lost %d of %d: %s (%+v)", seen.Lost(), seen.Sent, seen.First, seen)
	} else {
		c.t.Logf("restart of a live server: %d sent, %d lost of at most %d in flight %s", seen.Sent, seen.Lost(), clients, seen.First)
	}
}

func (c *boxedSite) addressOf(id string) (at netip.Addr) {
	c.t.Helper()
	c.docker(func(ctx context.Context, cli *client.Client) error {
		found, err := cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if n := found.Container.NetworkSettings.Networks["teal-"+c.name]; n != nil {
			at = n.IPAddress
		}
		return nil
	})
	return at
}

// logsOnTheHost checks that both logs and the certificate that was made are in
// folders of the project.
func (c *boxedSite) logsOnTheHost() {
	c.t.Helper()
	for file, want := range map[string]string{"logs/access.log": `"POST / HTTP/1.1" 200`, "certs/my.example.crt": "BEGIN CERTIFICATE", "logs/error.log": ""} {
		if text, err := os.ReadFile(filepath.Join(c.dir, file)); err != nil || !strings.Contains(string(text), want) {
			c.t.Errorf("%s has no %q, %v", file, want, err)
		}
	}
}
