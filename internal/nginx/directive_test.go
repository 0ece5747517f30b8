package nginx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	conf := confOf(t, map[string]string{"nginx.conf": `pid /p; nonsense { } } "open`})
	if diff := cmp.Diff([][]string{{"/p"}}, args(all(conf, "pid"))); diff != "" {
		t.Error(diff)
	}
}

func TestIncludesInACircleEnd(t *testing.T) {
	confOf(t, map[string]string{"nginx.conf": "include nginx.conf;"})
}

func FuzzAConfigurationOfAnyKindIsRead(f *testing.F) {
	f.Add(`a "b;\" { c ${d} } # e`)
	f.Fuzz(func(_ *testing.T, text string) {
		(&reader{home: "/nowhere"}).block(tokens(text), 0)
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
