package nginx

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// statics is a folder of files for a route, with things beside it that nobody
// may get.
func statics(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(publicDir(t), "static")
	for path, text := range map[string]string{
		"a.css": "css", "sub/index.html": "index", "sub/b.txt": "b", "../secret": "secret", "a b.txt": "blank",
	} {
		path = filepath.Join(dir, path)
		if err := folder(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := publish(path, text); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"out": "../secret", "up": "..", "within": "a.css"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFilesAreServedWhicheverColorIsLive(t *testing.T) {
	s := routesTo(t,
		release.Route{Path: "/static/", Files: statics(t), Options: release.RouteOptions{Expires: time.Hour, Headers: map[string]string{"X-Frame-Options": "DENY"}}},
		release.Route{Path: "/", To: "web"},
	)
	answers := map[string]string{
		"/static/a.css": "css", "/static/sub/": "index", "/static/sub/b.txt": "b", "/static/a%20b.txt": "blank",
		"/static/a.css?v=1": "css", "/staticx": "/staticx",
		"/static/": "403", "/static/none": "404", "/static/out": "403", "/static/up/secret": "404", "/static/within": "403",
		"/static/../secret": "/static/../secret", "/static../secret": "/static../secret", // the app's: no files
		"/static/..%2fsecret": "/static/..%2fsecret",
	}
	for _, c := range release.Colors {
		s.shift(c)
		for target, want := range answers {
			if got := s.raw(target); got != want {
				t.Errorf("%s: %s answered %q, want %q", c, target, got, want)
			}
		}
	}
	resp, _ := s.get("/static/a.css")
	if resp.Header.Get("Cache-Control") != "max-age=3600" || resp.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers %v", resp.Header)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/css" {
		t.Errorf("the type is %q", got)
	}
	if resp, _ := s.get("/static/sub"); resp.StatusCode != 301 || resp.Header.Get("Location") != "/static/sub/" {
		t.Errorf("a folder is answered %d %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

func TestFilesMayBeTheWholeSite(t *testing.T) {
	s := routesTo(t, release.Route{Path: "/api/", To: "web"}, release.Route{Path: "/", Files: statics(t)})
	for target, want := range map[string]string{"/a.css": "css", "/sub/": "index", "/api/x": "/api/x", "/up/secret": "404"} {
		if got := s.raw(target); got != want {
			t.Errorf("%s answered %q, want %q", target, got, want)
		}
	}
}

// outward are ways to ask for what lies outside of a folder of files, or to
// have a link followed. What the app answers (the path, as it came) is none of
// the folder's.
var outward = []string{
	"/static/../secret", "/static/..%2fsecret", "/static/%2e%2e/secret", "/static/%2e%2e%2fsecret", "/static/.%2e/secret", "/static/..%5csecret",
	"/static/sub/../../secret", "/static/sub/%2e%2e/%2e%2e/secret", "/static//../secret", "/static/./../secret", "/static../secret", "/static%2f../secret",
	"/static/%252e%252e/secret", "/static/..;/secret", "/static/%c0%ae%c0%ae/secret", "/static/a.css/../../secret", "/static/a.css%00/../../secret",
	"/static/out", "/static/out/", "/static/ou%74", "/static//out", "/static/sub/../out", "/static/up/secret", "/static/up%2fsecret", "/static/up/static/a.css",
	"/static/etc/passwd", "/static/sub/root/etc/passwd", "/static/late", "/static/hidden/../out",
}

// Links in the folder lead to a file beside it, to the machine's root and to
// each other; the app's table is a link as well, which nginx has to follow.
func TestNothingOutsideOfAFolderOfFilesIsServed(t *testing.T) {
	dir := statics(t)
	for name, to := range map[string]string{"etc": "/etc", "sub/root": "/", "late": "out", "live": "../live"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := routesTo(t, release.Route{Path: "/static/", Files: dir}, release.Route{Path: "/", To: "web"})
	for _, what := range []string{"as ever", "while a reload is near"} {
		if what != "as ever" {
			s.must(raise(render.ClosingFlag(s.r.root, "standalone")))
		}
		for _, target := range outward {
			got := s.raw(target)
			if got != target && got != "403" && got != "404" && got != "400" {
				t.Errorf("%s: %s answered %q", what, target, got)
			}
		}
		if got := s.raw("/static/a.css"); got != "css" {
			t.Errorf("%s: the folder answers %q, so this shows nothing", what, got)
		}
	}
}

// While a reload is near, connections that only ask for files are closed too.
func TestFilesAreServedAlikeWhileConnectionsAreClosed(t *testing.T) {
	s := routesTo(t, release.Route{Path: "/static/", Files: statics(t)}, release.Route{Path: "/", To: "web"})
	if !s.keeps("/static/a.css") {
		t.Error("connections are closed for no reason")
	}
	s.must(raise(render.ClosingFlag(s.r.root, "standalone")))
	for target, want := range map[string]string{
		"/static/a.css": "css", "/static/sub/": "index", "/static/sub": "index", "/static/a%20b.txt": "blank",
		"/static/none": "404", "/static/out": "403", "/static/up/secret": "404", "/static/": "403",
	} {
		if got := s.raw(target); got != want && !(want == "403" && got == "404") {
			t.Errorf("%s answered %q, want %q", target, got, want)
		}
	}
	if s.keeps("/static/a.css") {
		t.Error("the connection stays open")
	}
}

// withPages sets the stage with error pages, live on blue.
func withPages(t *testing.T) *stage {
	t.Helper()
	s := setStage(t)
	dir := publicDir(t)
	s.must(publish(filepath.Join(dir, "down.html"), "we are sorry"))
	s.must(publish(filepath.Join(dir, "large.json"), `{"too":"large"}`))
	s.app.Site.ErrorPages = map[int]string{
		502: filepath.Join(dir, "down.html"), 413: filepath.Join(dir, "large.json"), 404: filepath.Join(dir, "gone.html"),
	}
	s.app.Routes = []release.Route{{Path: "/", To: "web", MaxBody: 10}, {Path: "/files/", Files: dir}}
	s.up()
	return s.live()
}

func TestAnErrorPageAnswersForNginxInBothColors(t *testing.T) {
	s := withPages(t)
	for _, c := range release.Colors {
		s.shift(c)
		large := s.request(http.MethodPost, "/upload", strings.NewReader("0123456789x"))
		if resp, body := s.do(large); resp.StatusCode != 413 || body != `{"too":"large"}` || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: a large body is answered %d %q", c, resp.StatusCode, body)
		}
	}
	s.blue.stop()
	s.green.stop()
	for _, c := range release.Colors {
		s.shift(c)
		for _, header := range []string{"", "text/event-stream"} {
			req := s.request(http.MethodPost, "/color", nil)
			req.Header.Set("Accept", header)
			resp, body := s.do(req)
			if resp.StatusCode != 502 || body != "we are sorry" || resp.Header.Get("Content-Type") != "text/html" || resp.Header.Get("X-Teal-Color") != string(c) {
				t.Errorf("%s, accepting %q: answered %d %q %v", c, header, resp.StatusCode, body, resp.Header)
			}
		}
	}
	if resp, body := s.get("/files/none"); resp.StatusCode != 404 || strings.Contains(body, "sorry") {
		t.Errorf("an error whose page is missing is answered %d %q", resp.StatusCode, body)
	}
	if resp, _ := s.get("/.teal/page/502"); resp.StatusCode == 200 {
		t.Error("the page can be asked for")
	}
}

func TestAnErrorOfTheApplicationIsItsOwn(t *testing.T) {
	s := withPages(t)
	s.blue.status.Store(502)
	if resp, body := s.get("/status"); resp.StatusCode != 502 || body != "the application's own" {
		t.Errorf("answered %d %q", resp.StatusCode, body)
	}
}

func TestLongAnswersAreCompressedWhereTheSiteSaysSo(t *testing.T) {
	s := setStage(t)
	s.app.Site.Gzip = true
	s.up()
	s.live()
	for _, c := range release.Colors {
		s.shift(c)
		req := s.request(http.MethodGet, "/long", nil)
		req.Header.Set("Accept-Encoding", "gzip")
		if resp, body := s.do(req); resp.Header.Get("Content-Encoding") != "gzip" || len(body) > 1000 {
			t.Errorf("%s: %d bytes, encoded %q", c, len(body), resp.Header.Get("Content-Encoding"))
		}
	}
	req := s.request(http.MethodGet, "/events", nil)
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept", "text/event-stream")
	resp, err := client(true).Do(req)
	s.must(err)
	defer resp.Body.Close()
	if resp.Header.Get("Content-Encoding") != "" {
		t.Error("a stream is compressed, and so held back")
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
		t.Error(err)
	}
}
