package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/config"
	"teal/internal/nginx"
	"teal/internal/release"
	"teal/internal/witness"
)

const ownTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 3s}}
  api: {port: 8080, health: {http: /healthz, timeout: 3s}}
site:
  hosts: [shop.example]
  listen: ["127.0.0.1:PORT"]
  adopted: {before: {web: shop_web, api: "API"}, first: green}
routes:
  - {path: /, to: web}
  - {path: /api/, to: api}
proxy: {kind: host, config: ETC/nginx.conf}
deploy:
  drain: {timeout: 5s, streams: 5s}
`

var ownCompose = `services:
  web: &web
    image: ` + image + `
    command: [/web]
    environment: {VERSION: "${VERSION:-1}", BROKEN: "${BROKEN:-}"}
  api: *web
`

// ownSite is a site that somebody wrote and teal has adopted: a password for
// one path, a header, a prefix that is taken off.
const ownSite = `upstream shop_web { server WEB; keepalive 8; }
server {
    listen 127.0.0.1:PORT;
    server_name shop.example;
    LINE
    add_header X-Shop "kept as it was" always;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    location / { proxy_pass http://PASSWEB; }
    location = /healthz { auth_basic shop; auth_basic_user_file ETC/users; proxy_pass http://PASSWEB; }
    location /api/ { rewrite ^/api/(.*)$ /$1 break; proxy_pass http://PASSAPI; }
}
`

// own is a host whose site for the app is the machine's owner's.
type own struct {
	*host
	web, api string // what served before
}

func newOwn(t *testing.T) *own {
	t.Helper()
	o := &own{host: newHost(t), web: before(t, "web"), api: before(t, "api")}
	o.write("compose.yaml", ownCompose)
	o.config(strings.NewReplacer("ETC", o.etc, "API", o.api).Replace(ownTeal))
	o.put("users", "me:{PLAIN}secret\n")
	o.site("", o.web, o.api)
	o.reload()
	return o
}

// before starts what served a service before teal: it answers who it is, and
// what it is sent.
func before(t *testing.T, who string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.Method == http.MethodPost && err == nil {
			w.Write(body)
			return
		}
		fmt.Fprintf(w, "before: %s %s", who, r.URL.Path)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// site writes the owner's site with one more line in its server block.
func (o *own) site(line, web, api string) {
	o.put("sites-enabled/shop", strings.NewReplacer("WEB;", o.web+";", "PORT", fmt.Sprint(o.app.port), "LINE", line, "ETC", o.etc,
		"PASSWEB", web, "PASSAPI", api).Replace(ownSite))
}

// reload is the owner's, a plain one.
func (o *own) reload() {
	o.t.Helper()
	o.reloads(masterOf(o.t, filepath.Join(o.etc, "nginx.pid")), func() { o.nginx("-s", "reload") })
}

// adopt does what init does: the files, the lines, the reload.
func (o *own) adopt() (app release.App) {
	o.t.Helper()
	app, err := config.Load(filepath.Join(o.dir, "teal.yaml"))
	if err != nil {
		o.t.Fatal(err)
	}
	r, err := nginx.New(o.state)
	if err != nil {
		o.t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(o.t.Context(), time.Minute)
	defer cancel()
	if _, _, err := r.Adopt(ctx, app); err != nil {
		o.t.Fatal(err)
	}
	o.site("include "+release.Include(o.state, o.name, app.Proxies[0].Place(o.name))+";",
		"$"+release.Variable(o.name, "web"), "$"+release.Variable(o.name, "api"))
	if err := r.Tests(ctx, app); err != nil {
		o.t.Fatal(err)
	}
	o.reload()
	return app
}

// page is what the site answers, "" where it does not or lacks the owner's
// header. user may be me:secret.
func (o *own) page(path, user string) string {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", o.app.port, path), nil)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Host = "shop.example"
	if name, password, ok := strings.Cut(user, ":"); ok {
		req.SetBasicAuth(name, password)
	}
	c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("X-Shop") != "kept as it was" {
		return ""
	}
	return fmt.Sprintf("%d %s", res.StatusCode, text)
}

// answered checks that both services answer with the text, and that the password
// is asked.
func (o *own) answered(text string) {
	o.t.Helper()
	for _, path := range []string{"/", "/api/"} {
		if got := o.page(path, ""); !strings.Contains(got, "200 ") || !strings.Contains(got, text) {
			o.t.Errorf("%s is answered %q, want %q", path, got, text)
		}
	}
	if got := o.page("/healthz", ""); !strings.HasPrefix(got, "401") {
		o.t.Errorf("without a password, %s answers %q", text, got)
	}
	if got := o.page("/healthz", "me:secret"); !strings.HasPrefix(got, "200") {
		o.t.Errorf("with the password, %s answers %q", text, got)
	}
}

func TestScenarioAnAdoptedSiteIsReleasedRolledBackAndGivenBackWithoutLoss(t *testing.T) {
	t.Parallel()
	o := newOwn(t)
	o.deploy(1).fails(2, "no server block of the host nginx that answers shop.example at 127.0.0.1:", "/apps/"+o.name+"/", ".server.inc", "teal init")
	o.adopt()
	o.answered("before: ")
	load := witness.Start(t.Context(), witness.Load{Target: fmt.Sprintf("127.0.0.1:%d", o.app.port), Host: "shop.example", Groups: []witness.Group{
		{Kind: witness.Get, Paths: []string{"/", "/api/"}, Count: 6, Think: ms(15)},
		{Kind: witness.Post, Paths: []string{"/echo", "/api/echo"}, Count: 6, Think: ms(15)},
	}})
	o.run(built.teal, []string{"BROKEN=1"}, "deploy").fails(3, "PAYMENT_KEY", "what served its site before does")
	o.answered("before: ")
	o.mustDeploy(2).says("green", "witness") // what served before is watched over, too
	o.answered("version 2")
	o.run(built.teal, []string{"BROKEN=1"}, "deploy").fails(3, "as before")
	o.answered("version 2")
	o.edit("teal.yaml", "web: {port: 8080,", "web: {port: 8080, replicas: 2,")
	o.mustDeploy(4).says("blue", "route")
	o.answered("version 4")
	o.must("rollback")
	o.answered("version 2")
	o.must("down", "--yes", "--volumes").says("take the include line out")
	o.answered("before: ")
	if seen := load.Stop(); seen.Lost() != 0 || seen.Answered == 0 {
		t.Errorf("the witness lost %d of %d: %s (%+v)", seen.Lost(), seen.Sent, seen.First, seen)
	} else {
		t.Logf("witness: %d sent, %d lost", seen.Sent, seen.Lost())
	}
	o.must("down", "--yes")
	o.answered("before: ")
	o.reload()
	o.answered("before: ")
	o.site("", o.web, o.api)
	o.reload()
	o.must("down", "--yes")
	o.answered("before: ")
	if got := o.confs(); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

// confs are teal's files among the machine's nginx's.
func (o *own) confs() string {
	var list []string
	for _, pattern := range []string{"*/*teal*", "*/.*"} {
		found, err := filepath.Glob(filepath.Join(o.etc, pattern))
		if err != nil {
			o.t.Fatal(err)
		}
		list = append(list, found...)
	}
	if left, err := os.ReadDir(filepath.Join(o.state, "apps")); err == nil && len(left) > 0 {
		list = append(list, left[0].Name())
	}
	return strings.Join(list, " ")
}
