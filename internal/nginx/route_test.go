package nginx

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// routesTo sets the stage with these routes, live on blue.
func routesTo(t *testing.T, routes ...release.Route) *stage {
	t.Helper()
	s := setStage(t)
	s.app.Routes = routes
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	return s
}

// raw sends a request line as it stands and returns what the color got.
func (s *stage) raw(target string) string {
	s.t.Helper()
	w := s.dial()
	w.send("GET " + target + " HTTP/1.1\r\nHost: " + testHost + "\r\nConnection: close\r\n\r\n")
	status, body := w.answer()
	if status != http.StatusOK {
		return fmt.Sprint(status)
	}
	return body
}

func TestBothColorsGetTheSameTarget(t *testing.T) {
	s := routesTo(t,
		release.Route{Path: "/v1.0/api/", To: "web", Strip: true},
		release.Route{Path: "/old", To: "web", Strip: true},
		release.Route{Path: "/", To: "web"},
	)
	targets := map[string]string{
		// A route that strips passes on what nginx has made of the path: it
		// is decoded, merged and encoded again, as with any proxy_pass that
		// has a path.
		"/v1.0/api/":                     "/",
		"/v1.0/api/x?a=%2F&b=c%20d":      "/x?a=%2F&b=c%20d",
		"/v1.0/api/a%2Fb%20c//d":         "/a/b%20c/d",
		"/v1.0/api//x/./y/../%61":        "/x/a",
		"/v1.0/api/x%252F":               "/x%252F", // decoded once, encoded once
		"/v1.0/api/%3Fq":                 "/%3Fq",
		"/v1.0/api/%E2%82%AC":            "/%E2%82%AC",
		"/v1.0/api/a%0D%0Ab":             "/a%0D%0Ab",
		"/v1.0/api/v1.0/api/x":           "/v1.0/api/x",
		"/v1x0/api/x":                    "/v1x0/api/x", // the dot is a dot: another route
		"/old":                           "/",
		"/old/x":                         "/x",
		"/raw%2Fb%20c//d/../e?x=%2F&y=1": "/raw%2Fb%20c//d/../e?x=%2F&y=1", // untouched
		"/":                              "/",
	}
	for _, c := range release.Colors {
		s.shift(c)
		for target, want := range targets {
			if got := s.raw(target); got != want {
				t.Errorf("%s got %s for %s, want %s", c, got, target, want)
			}
		}
	}
}

func TestAMissingSlashIsAddedWithoutNamingHostOrPort(t *testing.T) {
	s := routesTo(t, release.Route{Path: "/api/", To: "web"})
	for _, c := range release.Colors {
		s.shift(c)
		resp, _ := s.get("/api?q=1")
		if got := resp.Header.Get("Location"); resp.StatusCode != 301 || got != "/api/?q=1" {
			t.Errorf("%s: answered %d to %q", c, resp.StatusCode, got)
		}
	}
}

func TestWhatIsNotListedIsNotServed(t *testing.T) {
	s := routesTo(t, release.Route{Path: "/api/", To: "web"})
	for _, target := range []string{"/", "/other", "/api/../x", "/.teal/", "/.teal/" + noToken} {
		if got := s.raw(target); got != "404" {
			t.Errorf("%s answered %s", target, got)
		}
	}
	for _, host := range []string{"other.test", "127.0.0.1", testHost + ".evil.test", "voda.deny.invalid"} {
		req := s.request(http.MethodGet, "/api/", nil)
		req.Host = host
		if resp, _ := s.do(req); resp.StatusCode != 404 {
			t.Errorf("host %s answered %d", host, resp.StatusCode)
		}
	}
	if got := s.blue.received.Load(); got != 0 {
		t.Errorf("the color got %d requests", got)
	}
}

func TestASiteWithoutHostsAnswersAny(t *testing.T) {
	s := setStage(t)
	s.app.Site.Hosts = nil
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	s.servedBy(release.Blue)
	req := s.request(http.MethodGet, "/color", nil)
	req.Host = "whatever.test"
	if _, body := s.do(req); body != "blue" {
		t.Errorf("answered %q", body)
	}
}

func TestOnlyThisMachineMayAskTheControlLocation(t *testing.T) {
	s := open(t)
	token, err := s.r.readToken("voda")
	s.must(err)
	resp, body := s.get(render.ControlPath(token))
	if resp.StatusCode != 200 || body != "blue\n" {
		t.Errorf("answered %d %q", resp.StatusCode, body)
	}
	text := readFile(t, s.r.conf("voda", "standalone"))
	_, location, _ := strings.Cut(text, "location = "+render.ControlPath(token))
	rules, _, _ := strings.Cut(location, "}")
	if !strings.Contains(rules, "allow 127.0.0.0/8;") || !strings.Contains(rules, "deny all;") || strings.Contains(rules, "return") {
		t.Errorf("a return would be answered before the rules are looked at:\n%s", rules)
	}
}

func TestABodyOverTheLimitIsRefusedInBothColors(t *testing.T) {
	s := routesTo(t, release.Route{Path: "/", To: "web", MaxBody: 10})
	for _, c := range release.Colors {
		s.shift(c)
		if resp, body := s.do(s.request(http.MethodPost, "/upload", strings.NewReader("0123456789"))); resp.StatusCode != 200 {
			t.Errorf("%s: ten bytes answered %d %s", c, resp.StatusCode, body)
		}
		if resp, _ := s.do(s.request(http.MethodPost, "/upload", strings.NewReader("0123456789x"))); resp.StatusCode != 413 {
			t.Errorf("%s: eleven bytes answered %d", c, resp.StatusCode)
		}
	}
}

func TestOnlyWebSocketsAreUpgraded(t *testing.T) {
	s := open(t)
	req := s.request(http.MethodGet, "/headers", nil)
	req.Header.Set("Upgrade", "h2c")
	req.Header.Set("Connection", "Upgrade, HTTP2-Settings")
	_, body := s.do(req)
	if strings.Contains(body, "h2c") {
		t.Errorf("passed on: %s", body)
	}
}

func TestTheColorLearnsOfItsClient(t *testing.T) {
	s := open(t)
	for _, c := range release.Colors {
		s.shift(c)
		req := s.request(http.MethodGet, "/headers", nil)
		req.Host = testHost + ":8080"
		req.Header.Set("X-Real-IP", "6.6.6.6")
		req.Header.Set("X-Forwarded-For", "6.6.6.6")
		_, body := s.do(req)
		for _, want := range []string{
			"Host: voda.test:8080\n", "X-Forwarded-For: 6.6.6.6, 127.0.0.1\n", "X-Forwarded-Host: voda.test:8080\n",
			"X-Forwarded-Proto: http\n", "X-Real-Ip: 127.0.0.1\n",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s got no %sbut\n%s", c, want, body)
			}
		}
	}
}
