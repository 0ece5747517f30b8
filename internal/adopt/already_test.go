package adopt

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// known is what teal's own file says while no release lives.
const known = "set $teal_shop__web 127.0.0.1:3000;\nset $teal_shop__api 127.0.0.1:8080;\n"

// hosted is an nginx of the machine's with these servers; its main file is
// NAME.
func hosted(t *testing.T, name, servers string) Nginx {
	t.Helper()
	loaded, err := conf.Load(fstest.MapFS{
		name:                              {Data: []byte("events {}\nhttp {\ninclude conf.d/*.conf;\naccess_log /a;\n" + servers + "}\n")},
		"r/apps/shop/host.server.inc":     {Data: []byte(known)},
		"r/apps/shop-two/host.server.inc": {Data: []byte("")},
		"r/apps/other/host.server.inc":    {Data: []byte("")},
	}, "/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return Nginx{Tree: loaded, Proxy: release.Proxy{Kind: release.ProxyHost}, Asked: true}
}

func again(sites ...Nginx) error {
	s := survey(built("api", "api", "127.0.0.1:8080", 8080), built("web", "web", "127.0.0.1:3000", 3000))
	_, err := Propose(s, nil, Machine{Root: "/r", Sites: sites})
	return err
}

const (
	line   = "include /r/apps/shop/host.server.inc;\n"
	web    = "location / { proxy_pass http://$teal_shop__web; }\n"
	direct = "location /api/ { proxy_pass http://127.0.0.1:8080; }\n"
)

func TestWhatFollowsTheSwitchWhollyIsAdoptedAlready(t *testing.T) {
	for name, sites := range map[string][]Nginx{
		"one server":          {hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\n")},
		"two servers":         {hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\nserver {\nlisten 81;\n"+line+"location / { proxy_pass http://${teal_shop__api}; }\n}\n")},
		"by way of a name":    {hosted(t, "a.conf", "server {\nlisten 80;\n"+line+"set $to http://$teal_shop__web;\nlocation / { proxy_pass $to; }\n}\n")},
		"one that is another": {hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\nserver {\nlisten 81;\nlocation / { proxy_pass http://10.9.9.9; }\n}\n")},
		"a chain":             {hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\n"), hosted(t, "b.conf", "server {\nlisten 81;\n"+line+web+"}\n")},
	} {
		var already *AlreadyError
		if err := again(sites...); !errors.As(err, &already) || already.Place != "/a.conf:7:1" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One line of teal's is no proof: what else leads to the app would be told to
// follow the switch while it goes past it.
func TestWhatIsAdoptedInPartIsNamedAndRefused(t *testing.T) {
	for name, c := range map[string]struct {
		sites []Nginx
		want  []string
	}{
		"a proxy_pass": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+direct+"}\n")},
			[]string{"teal's line at /a.conf:7:1", "/a.conf:9:18: proxy_pass http://127.0.0.1:8080 leads to api past the switch: proxy_pass http://$teal_shop__api follows it"},
		},
		"a server block": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\nserver {\nlisten 81;\n"+direct+"}\n")},
			[]string{"/a.conf:12:18: proxy_pass http://127.0.0.1:8080 leads to api past", "the server block at /a.conf:10:1 lacks include /r/apps/shop/host.server.inc"},
		},
		"a server block before": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 81;\n"+direct+"}\nserver {\nlisten 80;\n"+line+web+"}\n")},
			[]string{"teal's line at /a.conf:11:1", "/a.conf:7:18: proxy_pass"},
		},
		"an include": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\nserver {\nlisten 81;\n"+web+"}\n")},
			[]string{"/a.conf:12:14: proxy_pass http://$teal_shop__web has no value here; the server block at /a.conf:10:1 lacks include"},
		},
		"all but the include": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 80;\n"+line+"location / { return 503; }\n}\n")},
			[]string{"/a.conf:7:1: teal's include is here, and no proxy_pass of /a.conf leads to the app"},
		},
		"every include": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 81;\n"+web+direct+"}\n")},
			[]string{"teal's line at /a.conf:7:14", "/a.conf:7:14: proxy_pass http://$teal_shop__web has no value here", "/a.conf:8:18: proxy_pass"},
		},
		"the second nginx of a chain": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"}\n"), hosted(t, "b.conf", "server {\nlisten 81;\n"+direct+"}\n")},
			[]string{"/b.conf: this nginx has none of teal's lines", "/b.conf:7:18: proxy_pass http://127.0.0.1:8080 leads to api past the switch"},
		},
		"what can't be patched": {
			[]Nginx{hosted(t, "a.conf", "server {\nlisten 80;\n"+line+web+"location /s { proxy_pass https://127.0.0.1:8080; }\n}\n")},
			[]string{"/a.conf:9:15: proxy_pass https://127.0.0.1:8080 speaks HTTPS to api"},
		},
	} {
		err := again(c.sites...)
		var e *release.Error
		if !errors.As(err, &e) || e.Code != release.Invalid {
			t.Errorf("%s: not refused: %v", name, err)
			continue
		}
		said := strings.Join(append([]string{e.What}, e.Detail...), "\n")
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not told in\n%s", name, want, said)
			}
		}
		if strings.Contains(said, "/a.conf:8:14") && name != "every include" {
			t.Errorf("%s: what follows the switch is named too:\n%s", name, said)
		}
	}
}

// Another app's lines say nothing of this one.
func TestLinesOfAnotherAppAreNotThisOnes(t *testing.T) {
	for _, other := range []string{"other", "shop-two"} {
		v := "$" + release.Variable(other, "web")
		site := hosted(t, "a.conf", "server {\nlisten 80;\ninclude /r/apps/"+other+"/host.server.inc;\nlocation /o/ { proxy_pass http://"+v+"; }\n"+direct+"}\n")
		if err := again(site); err != nil {
			t.Errorf("beside %s: %v", other, err)
		}
	}
}
