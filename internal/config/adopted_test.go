package config

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

func TestAnAdoptedSiteIsAskedWhereItsServerBlocksAnswer(t *testing.T) {
	for text, want := range map[string]string{
		owned: "",
		strings.Replace(owned, "tls:", "listen: [81], tls:", 1):                          "81",
		strings.Replace(owned, "tls: {cert: site.pem, key: site.key}, ", "", 1):          "80",
		strings.Replace(owned, "127.0.0.1:8081", "[::0:1]:8081", 1):                      "",
		strings.Replace(owned, "proxy: host", "proxy: {kind: container, service: n}", 1): "",
	} {
		folder(t, text)
		app, err := Load("teal.yaml")
		if err != nil {
			t.Fatalf("%s: %q", text, problems(t, err))
		}
		if got := strings.Join(app.Site.Listen, " "); got != want {
			t.Errorf("%s listens at %q, want %q", text, got, want)
		}
	}
	folder(t, owned)
	app, err := Load("teal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := &release.Adopted{Before: map[string]string{"web": "shop_up", "api": "127.0.0.1:8081"}, First: release.Green}
	if diff := cmp.Diff(want, app.Site.Adopted); diff != "" || app.Site.TLS.HTTP2 {
		t.Errorf("read as %+v:\n%s", app.Site.TLS, diff)
	}
}

// columns are not what these tests are about.
var columns = regexp.MustCompile(`:(\d+):\d+: `)

func TestWhatAnAdoptedSiteSaysInNginxsOwnFileIsRefused(t *testing.T) {
	for part, want := range map[[2]string]string{
		{"hosts: [voda.example], ", "redirect: 308, "}:            "3: site.redirect: the site is adopted: write it in nginx's own file",
		{"hosts: [voda.example], ", "gzip: true, "}:               "3: site.gzip: the site is adopted: write it in nginx's own file",
		{"hosts: [voda.example], ", "access_log: a.log, "}:        "3: site.access_log: the site is adopted: write it in nginx's own file",
		{"hosts: [voda.example], ", "error_pages: {}, "}:          "3: site.error_pages: the site is adopted: write it in nginx's own file",
		{"hosts: [voda.example], ", "trusted_proxies: [], "}:      "3: site.trusted_proxies: the site is adopted: write it in nginx's own file",
		{"cert: site.pem", "self_signed: true, cert: a"}:          "3: site.tls.self_signed: the site is adopted: write it in nginx's own file",
		{"cert: site.pem", "acme: a, cert: a"}:                    "3: site.tls.acme: the site is adopted: write it in nginx's own file",
		{"cert: site.pem", "http2: true, cert: a"}:                "3: site.tls.http2: the site is adopted: write it in nginx's own file",
		{"balance: least_conn", "read_timeout: 2m"}:               "4: routes[0].options.read_timeout: the site is adopted: write it in nginx's own file",
		{"to: api", "to: api, strip: true"}:                       "4: routes[1].strip: the site is adopted: write it in nginx's own file",
		{"to: api", "to: api, max_body: 1m"}:                      "4: routes[1].max_body: the site is adopted: write it in nginx's own file",
		{"{path: /api/,", "{path: /f/, files: f}, {path: /api/,"}: "4: routes[1].files: the site is adopted: write it in nginx's own file",
		{"proxy: host", "proxy: standalone"}:                      "5: proxy: an adopted site stands in an nginx that is not teal's own: write proxy: host, or proxy: {kind: container, service: nginx}",
		{"proxy: host\n", ""}:                                     "1: proxy: an adopted site stands in an nginx that is not teal's own: write proxy: host, or proxy: {kind: container, service: nginx}",
		{"web: shop_up", "wep: shop_up"}:                          `3: site.adopted.before.wep: no service "wep" in services: did you mean "web"?`,
		{", {path: /api/, to: api}", ""}:                          `3: site.adopted.before.api: no route leads to service "api": take it out, or write a route`,
		{"shop_up", "http://shop"}:                                `3: site.adopted.before.web: "http://shop" is neither the name of an upstream nor an address with a port: write 127.0.0.1:8080 or [::1]:8080`,
		{"shop_up", "'127.0.0.1:0'"}:                              `3: site.adopted.before.web: "127.0.0.1:0" is neither the name of an upstream nor an address with a port: write 127.0.0.1:8080 or [::1]:8080`,
		{"first: green", "first: red"}:                            `3: site.adopted.first: "red" is not known: known are blue, green`,
	} {
		text := strings.Replace(owned, part[0], part[1], 1)
		folder(t, text)
		_, err := Load("teal.yaml")
		got := strings.Join(problems(t, err), "\n")
		if diff := cmp.Diff("teal.yaml:"+want, columns.ReplaceAllString(got, ":$1: ")); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

func TestTwoServicesThatAreOneVariableAreRefused(t *testing.T) {
	text := strings.NewReplacer("api: {port", "WEB-A: {port", "web: {port", "web.a: {port", "to: api", "to: WEB-A", "to: web", "to: web.a",
		`before: {web: shop_up, api: "127.0.0.1:8081"}, `, "").Replace(owned)
	folder(t, text)
	_, err := Load("teal.yaml")
	if got := strings.Join(problems(t, err), "\n"); !strings.Contains(got, `services "web.a" and "WEB-A" are one variable in nginx ($teal_voda__web_a): rename one`) {
		t.Errorf("got %q", got)
	}
}
