package config

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"teal/internal/release"
)

func TestAFullFileIsReadWhole(t *testing.T) {
	dir := folder(t, full)
	got, err := Load("teal.yaml")
	if err != nil {
		t.Fatal(problems(t, err))
	}
	usual := release.Health{Answers: 3, Timeout: time.Minute, Request: 2 * time.Second}
	health := func(change func(*release.Health)) release.Health { h := usual; change(&h); return h }
	want := release.App{
		Name: "voda", Dir: dir, File: dir + "/teal.yaml",
		Compose: []string{dir + "/compose.yaml", dir + "/deploy/compose.prod.yaml"},
		Services: []release.Service{
			{Name: "cron", Replicas: 1, Health: health(func(h *release.Health) {
				h.Kind, h.Command = release.HealthExec, []string{"pgrep", "-f", "cron; $x"}
			}), Handoff: release.HandoffStopFirst},
			{Name: "db_proxy", Port: 5432, Replicas: 1, Health: health(func(h *release.Health) { h.Kind = release.HealthTCP })},
			{Name: "idle", Replicas: 1, Health: usual},
			{Name: "java", Port: 8080, Replicas: 1, Health: health(func(h *release.Health) { h.Kind = release.HealthDocker })},
			{Name: "mail", Replicas: 1, Health: health(func(h *release.Health) { h.Kind, h.Port = release.HealthTCP, 25 })},
			{Name: "web", Port: 3000, Replicas: 2, Health: release.Health{
				Kind: release.HealthHTTP, Path: "/healthz?full=1", Host: "voda.example:8080", Port: 3001,
				Status: []release.StatusRange{{From: 204, To: 204}, {From: 200, To: 202}},
				Body:   `it says "ready"; {really}`, Answers: 5, Timeout: 90 * time.Second, Request: 500 * time.Millisecond,
			}},
			{Name: "worker", Replicas: 1, Health: health(func(h *release.Health) { h.Kind = release.HealthUp })},
		},
		Site: fullSite(dir),
		Routes: []release.Route{
			{Path: "/api/v1/", To: "java", Strip: true, MaxBody: 50 << 20},
			{Path: "/static/", Files: dir + "/static", Options: release.RouteOptions{Expires: 30 * 24 * time.Hour}},
			{Path: "/api/", To: "java", MaxBody: -1, Options: release.RouteOptions{
				ReadTimeout: 2 * time.Minute, SendTimeout: 90 * time.Second, Buffering: new(false), RequestBuffer: new(true),
				BufferSize: 16 << 10, LimitRate: 500 << 10,
			}},
			{Path: "/", To: "web", Options: release.RouteOptions{
				Balance: release.LeastConn,
				Headers: map[string]string{"Strict-Transport-Security": "max-age=600; preload", "X-A": "*"},
			}},
		},
		Proxies: []release.Proxy{
			{Kind: release.ProxyContainer, Service: "edge", Sites: "/etc/nginx/conf.d", Listen: []string{"8080"}, Label: "edge"},
			{Kind: release.ProxyContainer, Container: "legacy_nginx.1"},
			{Kind: release.ProxyHost, Bin: "/usr/sbin/nginx", Config: "/etc/nginx/nginx.conf", Sites: "/etc/nginx/sites-enabled"},
		},
		Policy: release.Policy{
			Drain:   release.DrainLimits{Timeout: 10 * time.Second, Streams: time.Minute},
			Standby: release.StandbyWarm, Keep: 7, Witness: release.WitnessPolicy{Off: true, Rate: 50},
			Command: &release.Command{Service: "java", Argv: []string{"bin/migrate", "--to; $x"}, Timeout: 3 * time.Minute},
		},
		Notify: []release.Notify{
			{Kind: release.NotifySlack, URL: release.Secret{Env: "SLACK_WEBHOOK_URL"}, Events: []release.Happening{release.Failed, release.RolledBack}},
			{Kind: release.NotifyWebhook, URL: release.Secret{File: dir + "/hook.url"}, Key: release.Secret{Env: "HOOK_SECRET"}},
			{Kind: release.NotifyWebhook, URL: release.Secret{Env: "hook_url"}, Key: release.Secret{File: "/run/secrets/hook"}},
			{Kind: release.NotifySlack, URL: release.Secret{File: dir + "/slack.url"}},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// fullSite is the site of full.
func fullSite(dir string) release.Site {
	return release.Site{
		Hosts: []string{"voda.example", "*.voda.example"}, Listen: []string{"80", "127.0.0.1:8080", "[::]:80"},
		TLS: &release.TLS{
			Listen: []string{"443", "[::]:443"}, Cert: dir + "/tls/voda.pem", Key: "/etc/tls/voda.key",
			SelfSigned: true, Redirect: 308, ACME: dir + "/acme",
		},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("192.0.2.7/32")},
		ErrorPages:     map[int]string{502: dir + "/pages/502.html", 404: "/srv/404.html"}, Gzip: true,
		AccessLog: release.AccessLog{Path: "/var/log/nginx/voda.log", Format: "json"},
	}
}

func TestAPairOfComposeFilesIsReadWhole(t *testing.T) {
	dir := folder(t, paired)
	got, err := Load("teal.yaml")
	if err != nil {
		t.Fatal(problems(t, err))
	}
	want := release.App{
		Name: "voda", Dir: dir, File: dir + "/teal.yaml",
		Compose:   []string{dir + "/compose.yaml"},
		Own:       map[release.Color][]string{release.Blue: {dir + "/blue.yaml"}, release.Green: {dir + "/green.yaml"}},
		Addresses: release.AddressesPorts,
		Services: []release.Service{
			{Name: "api", Port: 8080, Replicas: 1, Health: defaultHealth(),
				Names: map[release.Color]string{release.Blue: "api", release.Green: "green-api"}},
			{Name: "bg", Replicas: 1, Health: defaultHealth()},
			{Name: "web", Port: 8080, Replicas: 2, Health: defaultHealth(),
				Names:     map[release.Color]string{release.Blue: "blue-web", release.Green: "green-1"},
				Each:      map[release.Color][]string{release.Green: {"green-1", "green-2"}},
				HostPorts: map[release.Color][]int{release.Blue: {3000, 3002}, release.Green: {3001, 3003}}},
		},
		Site:    release.Site{Listen: []string{"80"}, AccessLog: release.AccessLog{Path: dir + "/access.log", Format: "combined"}},
		Routes:  []release.Route{{Path: "/api/", To: "api"}, {Path: "/", To: "web"}},
		Proxies: []release.Proxy{{Kind: release.ProxyStandalone}},
		Policy:  defaultPolicy(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
