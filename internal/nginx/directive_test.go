package nginx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/nginx/conf"
)

func confOf(t *testing.T, files map[string]string) []directive {
	t.Helper()
	dir := publicDir(t)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	conf, err := readConf(filepath.Join(dir, "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func args(list []directive) [][]string {
	var all [][]string
	for _, d := range list {
		all = append(all, d.args)
	}
	return all
}

func TestAConfigurationIsReadAsNginxReadsIt(t *testing.T) {
	conf := confOf(t, map[string]string{
		"nginx.conf": `
			# pid /commented;
			pid "/run/a b.pid"; error_log	/var/log/e.log warn;
			events{}
			http { include conf.d/*.conf; include missing.conf;
				map $a ${b} { "~^{;}" 'it\'s'; default a#b; }
				server { listen 80; location ~ \.php$ { return 404; } }
				add_header A b; }`,
		"conf.d/a.conf": "access_log /a.log; server { listen 81; }",
	})
	want := map[string][][]string{
		"pid": {{"/run/a b.pid"}}, "error_log": {{"/var/log/e.log", "warn"}}, "events": {nil},
	}
	for name, want := range want {
		if diff := cmp.Diff(want, args(all(conf, name))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, want := range map[string][][]string{
		"access_log": {{"/a.log"}}, "add_header": {{"A", "b"}}, "server": {nil, nil}, "map": {{"$a", "${b}"}},
	} {
		if diff := cmp.Diff(want, args(within(conf, "http", name))); diff != "" {
			t.Errorf("http %s: %s", name, diff)
		}
	}
}

func TestABrokenConfigurationIsStillRead(t *testing.T) {
	conf := confOf(t, map[string]string{"nginx.conf": `pid /p; events { worker_connections 5 } http {;
		map $a $b { c { } } include d.conf; } } "open`, "d.conf": `server { listen 81; } server { listen "82`})
	if diff := cmp.Diff([][]string{{"/p"}}, args(all(conf, "pid"))); diff != "" {
		t.Error(diff)
	}
	if servers := within(conf, "http", "server"); len(servers) != 2 || len(servers[0].block) != 1 {
		t.Errorf("servers %+v", servers)
	}
}

// What a Lua block holds is Lua: its quotes, braces and comments must not take
// the servers behind it away.
func TestServersBehindLuaAreSeen(t *testing.T) {
	for _, lua := range []string{
		"-- it's an apostrophe\n", "-- {\n", "--[[ { ' ]] ", `ngx.say("{")`, "return '}'", "local t = {a = {1}}", "return [[ { \" ]]", "--[==[ ]] } ]==]",
	} {
		conf := confOf(t, map[string]string{
			"nginx.conf": "http { init_by_lua_block { " + lua + " } include sites/*; server { listen 82; } }",
			"sites/a":    "server { listen 80; location / { access_by_lua_block {" + lua + "} proxy_pass http://a; } listen 8080; }\nserver { listen 81; }",
		})
		servers := within(conf, "http", "server")
		var listens [][]string
		for _, s := range servers {
			listens = append(listens, args(all(s.block, "listen"))...)
		}
		if diff := cmp.Diff([][]string{{"80"}, {"8080"}, {"81"}, {"82"}}, listens); diff != "" {
			t.Errorf("%s: %s", lua, diff)
		}
		if len(servers) == 0 || len(within(servers[0].block, "location", "proxy_pass")) != 1 {
			t.Errorf("%s: the servers are %v", lua, servers)
		}
	}
}

func TestIncludesInACircleEnd(t *testing.T) {
	confOf(t, map[string]string{"nginx.conf": "include nginx.conf;"})
}

func FuzzAConfigurationOfAnyKindIsRead(f *testing.F) {
	f.Add(`a "b;\" { c ${d} } # e`)
	f.Fuzz(func(_ *testing.T, text string) {
		(&reader{home: "/nowhere"}).block(conf.Glance("a", []byte(text)).Top, 0)
	})
}

func TestABuildIsReadFromWhatNginxSaysOfItself(t *testing.T) {
	for name, c := range map[string]struct {
		says string
		want program
	}{
		"debian": {
			"nginx version: nginx/1.22.1\nconfigure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --http-log-path=/var/log/nginx/access.log --error-log-path=stderr --pid-path=/run/nginx.pid",
			program{version: "1.22.1", prefix: "/usr/share/nginx", conf: "/etc/nginx/nginx.conf", pid: "/run/nginx.pid", errorLog: "stderr", httpLog: "/var/log/nginx/access.log"},
		},
		"plain": {
			"nginx version: openresty/1.25.3.1\nconfigure arguments:",
			program{version: "1.25.3.1", prefix: "/usr/local/nginx", conf: "/usr/local/nginx/conf/nginx.conf", pid: "/usr/local/nginx/logs/nginx.pid", errorLog: "/usr/local/nginx/logs/error.log", httpLog: "/usr/local/nginx/logs/access.log"},
		},
	} {
		if got := parseBuild(c.says); got != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestAMainFileWithLuaIsRehearsedToo(t *testing.T) {
	dir := publicDir(t)
	s := server{main: filepath.Join(dir, "nginx.conf")}
	for _, c := range []struct{ text, want string }{
		{"http { init_by_lua_block { -- it's {\n include = 1; } include sites/*; }", "http { init_by_lua_block { -- it's {\n include = 1; } include STAGED; }"},
		{"http { include sites/*; # include sites/*;\n include 'sites/mine'; }", "http { include STAGED; # include sites/*;\n  }"},
		{"http { include sites/*; ", ""},
		{"http { include others/*; }", ""},
	} {
		if err := os.WriteFile(s.main, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, ok := s.copyOf(filepath.Join(dir, "sites/mine"), "STAGED")
		if ok != (c.want != "") || ok && string(got) != c.want {
			t.Errorf("%s\nis tried as %s (%v)", c.text, got, ok)
		}
	}
}
