package adopt

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// patched adopts a main file for a service web on 3000 and a service api on
// 8080, and returns the new text, or what was refused.
func patched(t *testing.T, text string) (after string, notes, refused []string) {
	t.Helper()
	loaded, err := conf.Load(fstest.MapFS{"nginx.conf": {Data: []byte(text)}}, "/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	s := survey(built("api", "api", "127.0.0.1:8080", 8080), built("web", "web", "3000", 3000), svc("db", func(s *release.SurveyService) {
		publishes("127.0.0.1:5432", 5432)(s)
		s.Image, s.Database = "postgres:16", true
	}))
	p, err := Propose(s, nil, Machine{Root: "/r", Sites: []Nginx{{Tree: loaded, Proxy: release.Proxy{Kind: release.ProxyHost}, Asked: true, AccessLog: "/log"}}})
	if err != nil {
		var e *release.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		return "", nil, append([]string{e.What}, e.Detail...)
	}
	for _, c := range p.Changes {
		after += c.After
	}
	return after, p.Notes, nil
}

// site wraps the text of a server in what it stands in.
func inServer(text string) string {
	return "events {}\nhttp {\ninclude conf.d/*.conf;\naccess_log /a;\nupstream up { server 127.0.0.1:3000; }\nserver {\nlisten 80;\n" + text + "\n}\n}\n"
}

func TestAProxyPassKeepsWhatItsFormGave(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // lines of the new file, without indentation
	}{
		"no header at all":       {"location / { proxy_pass http://up; }", []string{"location / { proxy_pass http://$teal_shop__web; proxy_redirect http://up/ /; proxy_set_header Host up; }"}},
		"a port of HTTP's own":   {"location / {\nproxy_pass http://127.0.0.1:3000;\n}", []string{"proxy_set_header Host 127.0.0.1:3000;"}},
		"a Host of one's own":    {"location / {\nproxy_set_header host $host;\nproxy_pass http://up;\n}", []string{"proxy_set_header host $host;", "proxy_pass http://$teal_shop__web;", "proxy_redirect http://up/ /;"}},
		"headers of the server":  {"proxy_set_header A 'b c';\nlocation / {\nproxy_pass http://up;\n}", []string{"proxy_pass http://$teal_shop__web;", "proxy_redirect http://up/ /;", "proxy_set_header A 'b c';", "proxy_set_header Host up;"}},
		"Host of the server":     {"proxy_set_header Host x;\nlocation / {\nproxy_pass http://up;\n}", []string{"proxy_pass http://$teal_shop__web;", "proxy_redirect http://up/ /;\n}"}},
		"the server's name":      {"location / {\nproxy_set_header Host $proxy_host:$proxy_port;\nproxy_pass http://up;\n}", []string{"proxy_set_header Host up:80;"}},
		"a prefix taken off":     {"location /a.b/ {\nproxy_pass http://up/c/;\n}", []string{`rewrite "(?s)^/a\\.b/(.*)$" /c/$1 break;` + "\nproxy_pass http://$teal_shop__web;", "proxy_redirect http://up/c/ /a.b/;"}},
		"one path":               {"location = /x {\nproxy_pass http://up/y;\n}", []string{`rewrite "(?s)^/x(.*)$" /y$1 break;`}},
		"behind a rewrite":       {"location /x/ {\nproxy_pass http://up/;\nset $a b;\n}", []string{"set $a b;\n" + `rewrite "(?s)^/x/(.*)$" /$1 break;`}},
		"a rewrite of one's own": {"location /x/ {\nrewrite ^ /y break;\nproxy_pass http://up;\n}", []string{"rewrite ^ /y break;\nproxy_pass http://$teal_shop__web;"}},
		"a pattern":              {"location ~ \\.php$ {\nproxy_pass http://up;\n}", []string{"proxy_redirect http://up/ /;"}},
		"redirects switched off": {"location / {\nproxy_redirect off;\nproxy_pass http://up;\n}", []string{"proxy_redirect off;\nproxy_pass http://$teal_shop__web;\nproxy_set_header Host up;\n}"}},
		"redirects by default":   {"location /p/ {\nproxy_pass http://up/;\nproxy_redirect default;\n}", []string{"proxy_pass http://$teal_shop__web;\nproxy_redirect http://up/ /p/;\nproxy_set_header Host up;\n}"}},
		"a variable":             {"set $to http://127.0.0.1:3000;\nlocation / {\nproxy_pass $to;\n}", []string{"include /r/apps/shop/host.beside.inc;  # teal", "proxy_pass http://$teal_shop__web;\nproxy_set_header Host 127.0.0.1:3000;\n}"}},
		"a variable and a path":  {"set $to http://up;\nlocation / {\nproxy_pass $to$request_uri;\n}", []string{"proxy_pass http://$teal_shop__web$request_uri;"}},
		"logs of http":           {"location / {\nproxy_pass http://up;\n}", []string{"listen 80;\ninclude /r/apps/shop/host.server.inc;  # teal\naccess_log /a;  # teal: as before"}},
		"a log of its own":       {"access_log /b;\nlocation / {\nproxy_pass http://up;\n}", []string{"listen 80;\ninclude /r/apps/shop/host.server.inc;  # teal\naccess_log /b;"}},
		"no log":                 {"access_log off;\nlocation / {\nproxy_pass http://up;\n}", []string{"include /r/apps/shop/host.server.inc;  # teal\nlocation / {"}},
		"before a rewrite":       {"if ($host = x) { return 301 /; }\nserver_name a;\nlocation / {\nproxy_pass http://up;\n}", []string{"listen 80;\ninclude /r/apps/shop/host.beside.inc;  # teal"}},
		"a shared service":       {"location / {\nproxy_pass http://up;\n}\nlocation /db { proxy_pass http://127.0.0.1:5432; }", []string{"location /db { proxy_pass http://127.0.0.1:5432; }"}},
		"a block in Lua":         {"location / {\nproxy_pass http://up;\naccess_by_lua_block {\n  local a = \"}\" -- it's\n}\n}", []string{"access_by_lua_block {\n  local a = \"}\" -- it's\n}"}},
		"line ends of Windows":   {"location / {\r\n  proxy_pass http://up;\r\n}", []string{"  proxy_pass http://$teal_shop__web;\r\n  proxy_redirect http://up/ /;\r\n  proxy_set_header Host up;\r\n}"}},
		"a location within":      {"location /a/ {\nproxy_pass http://up;\nlocation /a/b/ {\nproxy_pass http://127.0.0.1:8080/;\n}\n}", []string{"proxy_pass http://$teal_shop__api;\nproxy_set_header Host 127.0.0.1:8080;\n}"}},
	} {
		got, _, refused := patched(t, inServer(c.text))
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: there is no\n%s\nin\n%s%s", name, want, got, strings.Join(refused, "\n"))
			}
		}
	}
}

func TestWhatCannotBeAdoptedIsRefusedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"two services":           {"location / { proxy_pass $to; }\nset $to http://up;\nif ($arg_a) { set $to http://127.0.0.1:8080; }", "leads to 2 services: web, api"},
		"a stranger":             {"location / { proxy_pass $to; }\nset $to http://up;\nif ($arg_a) { set $to http://10.9.9.9:80; }", "10.9.9.9, which the compose files don't know"},
		"HTTPS":                  {"location / { proxy_pass https://127.0.0.1:3000; }", "speaks HTTPS to web"},
		"nothing":                {"location / { proxy_pass http://10.9.9.9; }", "no proxy_pass in /nginx.conf leads to a service of the compose files\n/nginx.conf:8:14: proxy_pass http://10.9.9.9\ncompose.yaml:1:1: api publishes 127.0.0.1:8080"},
		"no proxy_pass":          {"root /x;", "/nginx.conf: there is no proxy_pass at all"},
		"a path with a query":    {"location / { proxy_pass http://up/?a=; }", "can't be carried over byte for byte"},
		"a path with an escape":  {"location / { proxy_pass http://up/a%20b; }", "can't be carried over byte for byte"},
		"a path and a rewrite":   {"location /x/ {\nrewrite ^ /y break;\nproxy_pass http://up/;\n}", "meets the rewrite in line 9"},
		"a path that is read":    {"location /x/ {\nproxy_set_header P $uri;\nproxy_pass http://up/;\n}", "reads the path that a rewrite would change"},
		"a path that goes on":    {"location @n { proxy_pass http://up; }\nlocation /x/ {\nerror_page 500 @n;\nproxy_pass http://up/;\n}", "error_page in /nginx.conf:10:1 leads to @n"},
		"in an if":               {"location / {\nif ($arg_a) { proxy_pass http://up; }\n}", "nginx takes no proxy_redirect: move it"},
		"symbolic links":         {"disable_symlinks on;\nlocation / { proxy_pass http://up; }", "disable_symlinks of the server would meet the one"},
		"a cache of files":       {"open_file_cache max=9;\nlocation / { proxy_pass http://up; }", "open_file_cache of the server would meet the one"},
		"a pass that inherits":   {"location /a/ {\nproxy_pass http://up;\nlocation /a/b/ { proxy_pass http://10.9.9.9; }\n}", "would inherit: give that one its own first"},
		"two ports of a service": {"location / { proxy_pass http://up; }\nlocation /x { proxy_pass http://127.0.0.1:3000; }\n", ""},
	} {
		_, _, refused := patched(t, inServer(c.text))
		if c.want == "" {
			if refused != nil {
				t.Errorf("%s is refused: %v", name, refused)
			}
			continue
		}
		if !strings.Contains(strings.Join(refused, "\n"), c.want) {
			t.Errorf("%s: %q is not told in %v", name, c.want, refused)
		}
	}
}

func TestWhatStaysIsNoted(t *testing.T) {
	const web = "location / { proxy_pass http://up; }\n"
	for name, c := range map[string]struct{ text, want string }{
		"a socket":             {web + "location /s { proxy_pass http://unix:/run/x.sock; }", "stays as it is: a socket is no port"},
		"a request's variable": {web + "location /v { proxy_pass http://$arg_to; }", "stays as it is: $arg_to"},
		"another protocol":     {web + "location /f { fastcgi_pass 127.0.0.1:8080; }", "fastcgi_pass 127.0.0.1:8080 leads to api and is not adopted"},
		"nobody's service":     {web, "api is reached by no proxy_pass"},
		"a location's log":     {"location / { access_log /c; proxy_pass http://up; }", "requests of this location are not in teal's own log"},
	} {
		_, notes, refused := patched(t, inServer(c.text))
		if !strings.Contains(strings.Join(notes, "\n"), c.want) {
			t.Errorf("%s: %q is not told in %v, %v", name, c.want, notes, refused)
		}
	}
}

// included are two servers that include a file, the second one by way of
// another file and with more of its own.
func included(t *testing.T, more string) (*Proposal, error) {
	t.Helper()
	loaded, err := conf.Load(fstest.MapFS{
		"nginx.conf": {Data: []byte("events {}\nhttp {\ninclude conf.d/*.conf;\naccess_log /a;\nserver {\nlisten 80;\ninclude both;\n}\nserver {\nlisten 81;\n" + more + "include way;\n}\n}\n")},
		"way":        {Data: []byte("include both;\n")},
		"both":       {Data: []byte("location / { proxy_pass http://127.0.0.1:3000; }\n")},
	}, "/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return Propose(survey(built("web", "web", "3000", 3000)), nil, Machine{Root: "/r", Sites: []Nginx{{Tree: loaded, Proxy: release.Proxy{Kind: release.ProxyHost}}}})
}

// A file that two servers include is one text: both must be able to live with
// what it becomes.
func TestAFileThatIsIncludedTwiceIsPatchedOnce(t *testing.T) {
	p, err := included(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changes) != 2 || strings.Count(p.Changes[0].After+p.Changes[1].After, "proxy_pass http://$teal_shop__web;") != 1 {
		t.Errorf("it became %+v", p.Changes)
	}
}

func TestAFileThatWouldNeedTwoTextsIsRefusedWithBothPlaces(t *testing.T) {
	_, err := included(t, "proxy_set_header Host x;\n")
	var e *release.Error
	if !errors.As(err, &e) {
		t.Fatalf("not refused: %v", err)
	}
	const want = "/both:1:14: /both is included at two places, which need different lines here: /nginx.conf:7:1 and /nginx.conf:12:1 → /way:1:1; write it at each"
	if len(e.Detail) != 1 || e.Detail[0] != want {
		t.Errorf("it says %q, want %q", e.Detail, want)
	}
}
