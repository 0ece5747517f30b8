package render

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

var update = flag.Bool("update", false, "write the golden files anew")

const testToken = "0123456789abcdef0123456789abcdef"

func input(t *testing.T) Input {
	t.Helper()
	app := release.App{
		Name: "voda",
		Services: []release.Service{
			{Name: "web", Port: 3000, Replicas: 2},
			{Name: "api", Port: 8080, Replicas: 1},
			{Name: "worker", Replicas: 1},
		},
		Site: release.Site{Hosts: []string{"voda.example", "*.voda.example"}, Listen: []string{"80", "[::]:80"}},
		Routes: []release.Route{
			{Path: "/v1.0/api/", To: "api", Strip: true, MaxBody: 50 << 20},
			{Path: "/", To: "web", MaxBody: -1},
		},
	}
	return Input{
		App: app, Network: network(t, app), Place: "standalone", Own: true, Version: ParseVersion("1.22.1"),
		Listen: app.Site.Listen, Root: "/var/lib/teal", Token: testToken, ColorHeader: true,
	}
}

func network(t *testing.T, app release.App) release.Network {
	t.Helper()
	n, err := release.Network{Subnet: netip.MustParsePrefix("127.77.1.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func anyHost(in Input) Input {
	in.App.Name = "any-host"
	in.App.Site, in.Listen = release.Site{}, []string{"127.0.0.1:8080"}
	in.App.Routes = []release.Route{{Path: "/api", To: "api"}}
	return in
}

func beside(in Input) Input {
	in.Place, in.Own, in.ColorHeader = "host", false, false
	in.AccessLogs = [][]string{{"/var/log/nginx/access.log", "combined"}}
	in.Listen = []string{"10.0.0.5:8080"}
	return in
}

func TestTheConfigIsAsInTheGoldenFiles(t *testing.T) {
	for name, in := range cases(t) {
		out, err := Site(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name+".conf", out.Text)
	}
	main, err := Main("/var/lib/teal", "www-data")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "main.conf", main)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got), go test -update writes it anew:\n%s", name, diff)
	}
}

func TestTheGenerationFollowsTheShapeAlone(t *testing.T) {
	first, err := Site(input(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Site(input(t))
	if err != nil || again.Generation != first.Generation {
		t.Errorf("same shape, other generation: %s, %s (%v)", first.Generation, again.Generation, err)
	}
	in := input(t)
	in.App.Routes[1].MaxBody = 0
	changed, err := Site(in)
	if err != nil || changed.Generation == first.Generation {
		t.Errorf("other shape, same generation %s (%v)", changed.Generation, err)
	}
	if !bytes.Contains(first.Text, []byte(first.Generation)) || bytes.Contains(first.Text, []byte(unset)) {
		t.Error("the text does not name its generation")
	}
}

// hostile are values that mean something to nginx, or to whoever reads its
// files.
var hostile = []string{
	"a;b", "a}b", "a{b", "a\nb", "a b", `a"b`, "a'b", "a$b", "a#b", `a\b`, "a\x00b", "a@b", "a|b", "a\tb", "a`b", "a(b", "é", "/../a\n",
}

// places is every string of the input that could reach the text.
func places(value string) map[string]func(*Input) {
	return map[string]func(*Input){
		"app":     func(in *Input) { in.App.Name = value },
		"service": func(in *Input) { in.App.Services[0].Name, in.App.Routes[1].To = value, value },
		"host":    func(in *Input) { in.App.Site.Hosts[0] = value },
		"listen":  func(in *Input) { in.Listen = []string{value} },
		"route":   func(in *Input) { in.App.Routes[0].Path = "/" + value },
		"to":      func(in *Input) { in.App.Routes[0].To = value },
		"place":   func(in *Input) { in.Place = value },
		"root":    func(in *Input) { in.Root = "/" + value },
		"cert":    func(in *Input) { *in = https(*in); in.TLS.Cert = "/" + value },
		"key":     func(in *Input) { *in = https(*in); in.TLS.Key = "/" + value },
		"sum":     func(in *Input) { *in = https(*in); in.TLS.Sum = value },
		"acme":    func(in *Input) { *in = https(*in); in.TLS.ACME = "/" + value },
		"https":   func(in *Input) { *in = https(*in); in.TLS.Listen = []string{value} },
		"page":    func(in *Input) { in.App.Site.ErrorPages = map[int]string{502: "/" + value} },
		"log":     func(in *Input) { in.App.Site.AccessLog.Path = "/" + value },
		"format":  func(in *Input) { in.App.Site.AccessLog = release.AccessLog{Path: "/l", Format: value} },
		"files":   func(in *Input) { in.App.Routes[0] = release.Route{Path: "/f/", Files: "/" + value} },
		"balance": func(in *Input) { in.App.Routes[0].Options.Balance = release.Balance(value) },
		"header":  func(in *Input) { in.App.Routes[0].Options.Headers = map[string]string{value: "x"} },
		"older": func(in *Input) {
			in.App.Shapes = map[release.Color]release.Shape{release.Blue: {Routes: []release.Route{{Path: "/" + value, To: "web"}}}}
		},
		"token": func(in *Input) { in.Token = value + testToken[len(value)%32:] },
	}
}

func TestAHostileValueIsRefusedWhereverItStands(t *testing.T) {
	for _, value := range hostile {
		for place, put := range places(value) {
			in := input(t)
			put(&in)
			in.Network = network(t, in.App) // a name without an address would be refused for that
			if out, err := Site(in); err == nil {
				t.Errorf("%s %q was rendered:\n%s", place, value, out.Text)
			}
		}
		if _, err := Main("/"+value, ""); err == nil {
			t.Errorf("root %q was rendered", value)
		}
		if _, err := Main("/var/lib/teal", value); err == nil {
			t.Errorf("user %q was rendered", value)
		}
	}
}

// A value in double quotes may hold most signs, but none that ends it, starts a
// variable or a line.
func TestAHeadersValueCannotEndItsQuotes(t *testing.T) {
	for _, value := range []string{`a"b`, `a\b`, "a$b", "a\nb", "a\x00b", "é", ""} {
		in := input(t)
		in.App.Routes[0].Options.Headers = map[string]string{"X-A": value}
		if out, err := Site(in); err == nil {
			t.Errorf("%q was rendered:\n%s", value, out.Text)
		}
	}
	for _, name := range []string{"Content-Length", "transfer-encoding", "CONNECTION", "X-Teal-Generation"} {
		in := input(t)
		in.App.Routes[0].Options.Headers = map[string]string{name: "x"}
		if _, err := Site(in); err == nil {
			t.Errorf("header %s was rendered", name)
		}
	}
}

func TestWhatCannotBeServedIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Input){
		"no address":              func(in *Input) { in.Listen = nil },
		"the same address twice":  func(in *Input) { in.Listen = []string{"80", "*:80"} },
		"one for both schemes":    func(in *Input) { *in = https(*in); in.TLS.Listen = in.Listen },
		"no address for HTTPS":    func(in *Input) { *in = https(*in); in.TLS.Listen = nil },
		"a redirect of 302":       func(in *Input) { *in = https(*in); in.TLS.Redirect = 302 },
		"a page for our own jump": func(in *Input) { in.App.Site.ErrorPages = map[int]string{418: "/a"} },
		"a page for success":      func(in *Input) { in.App.Site.ErrorPages = map[int]string{200: "/a"} },
		"files without a slash":   func(in *Input) { in.App.Routes[0] = release.Route{Path: "/f", Files: "/srv"} },
		"our own paths":           func(in *Input) { in.App.Routes[0].Path = "/.teal/page/" },
		"a time below zero":       func(in *Input) { in.App.Routes[0].Options.ReadTimeout = -1 },
		"two ways to balance": func(in *Input) {
			in.App.Routes[0].To = "web"
			in.App.Routes[0].Options.Balance = release.LeastConn
		},
		"a port that isn't given": func(in *Input) { in.App.Addresses = release.AddressesPorts },
	} {
		in := input(t)
		spoil(&in)
		if out, err := Site(in); err == nil {
			t.Errorf("%s was rendered:\n%s", name, out.Text)
		}
	}
}

func TestARenewedCertificateIsAnotherShape(t *testing.T) {
	in := https(input(t))
	first, err := Site(in)
	if err != nil {
		t.Fatal(err)
	}
	in.TLS.Sum = "ba9876543210"
	renewed, err := Site(in)
	if err != nil || renewed.Generation == first.Generation {
		t.Errorf("same generation %s (%v)", renewed.Generation, err)
	}
}

func TestAnAccessLogArgumentThatCouldEndTheDirectiveIsRefused(t *testing.T) {
	in := beside(input(t))
	in.AccessLogs = [][]string{{"/var/log/x;include"}}
	if _, err := Site(in); err == nil {
		t.Error("rendered")
	}
}

func TestASlotWithoutAnAddressIsRefused(t *testing.T) {
	in := input(t)
	in.App.Services[1].Replicas = 2
	_, err := Site(in)
	if err == nil || !strings.Contains(err.Error(), "api-blue-2") {
		t.Errorf("got %v", err)
	}
}

func TestListenAddressesAreReadAsNginxDoes(t *testing.T) {
	for listen, reach := range map[string]string{
		"80": "127.0.0.1:80", "*:81": "127.0.0.1:81", "[::]:80": "[::1]:80", "10.0.0.5:8080": "10.0.0.5:8080",
	} {
		a, err := Address(listen)
		if err != nil || Reach(a).String() != reach {
			t.Errorf("%s: reached at %s (%v), want %s", listen, Reach(a), err, reach)
		}
	}
	for _, bad := range []string{"", "0", "65536", "localhost:80", "unix:/x", "[fe80::1%eth0]:80", "80 ssl"} {
		if _, err := Address(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
