package render

import (
	"net/netip"
	"testing"
	"time"

	"teal/internal/release"
)

// cases are the inputs with a golden file each. Those with a later version
// of nginx than the one installed are printed and not run.
func cases(t *testing.T) map[string]Input {
	t.Helper()
	return map[string]Input{
		"standalone": input(t), "any-host": anyHost(input(t)), "host": beside(input(t)),
		"ports": loopback(input(t)), "https": https(input(t)), "https-new": brandNew(https(input(t))),
		"https-old": version(https(input(t)), "1.18.0"), "both": both(https(input(t))),
		"options": options(input(t)), "behind": behind(input(t)), "shapes": shapes(t, input(t)),
		"by-address": byAddress(t, input(t)),
	}
}

func loopback(in Input) Input {
	in.App.Addresses = release.AddressesPorts
	in.App.Services[0].HostPorts = map[release.Color][]int{release.Blue: {13001, 13002}, release.Green: {13003, 13004}}
	in.App.Services[1].HostPorts = map[release.Color][]int{release.Blue: {18001}, release.Green: {18002}}
	return in
}

func https(in Input) Input {
	in.TLS = &TLS{
		Listen: []string{"443", "[::]:443"}, Cert: "/etc/voda/cert.pem", Key: "/etc/voda/key.pem", Sum: "0123456789ab",
		HTTP2: true, Redirect: 308, ACME: "/srv/acme",
	}
	return in
}

func version(in Input, v string) Input {
	in.Version = ParseVersion(v)
	return in
}

func brandNew(in Input) Input { return version(in, "1.27.4") }

// both serves plain HTTP and HTTPS alike, for any host, at odd ports.
func both(in Input) Input {
	in.App.Site.Hosts, in.Listen = nil, []string{"8080"}
	in.TLS.Listen, in.TLS.Redirect, in.TLS.HTTP2 = []string{"8443"}, 0, false
	return in
}

func options(in Input) Input {
	yes, no := true, false
	in.App.Site.Gzip = true
	in.App.Site.AccessLog = release.AccessLog{Path: "/var/log/voda.log", Format: "json"}
	in.App.Site.ErrorPages = map[int]string{502: "/srv/pages/down.html", 503: "/srv/pages/down.html", 504: "/srv/pages/slow.txt"}
	in.Headers = [][]string{{"X-Machine", "of $hostname; really", "always"}}
	in.App.Routes[0].Options = release.RouteOptions{
		ReadTimeout: 90 * time.Second, SendTimeout: 1500 * time.Millisecond, Buffering: &no, RequestBuffer: &yes,
		BufferSize: 16384, Balance: release.LeastConn, LimitRate: 1 << 20,
		Headers: map[string]string{"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Frame-Options": "DENY"},
	}
	in.App.Routes[1].Options = release.RouteOptions{ReadTimeout: 24 * time.Hour}
	in.App.Routes = append(in.App.Routes, release.Route{
		Path: "/static/", Files: "/srv/static",
		Options: release.RouteOptions{Expires: time.Hour, Headers: map[string]string{"X-Content-Type-Options": "nosniff"}},
	})
	return in
}

func behind(in Input) Input {
	in.Place, in.Own = "container.edge", false
	in.Ask = []netip.Addr{netip.MustParseAddr("10.208.0.1")}
	in.Trusted = []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("10.0.0.0/8")}
	return in
}

// shapes has a release in blue that is older than the routes: it has one
// replica of web, no api, files where green has a service, and a path of its
// own.
func shapes(t *testing.T, in Input) Input {
	t.Helper()
	in.App.Services = append(in.App.Services, release.Service{Name: "old", Port: 9000, Replicas: 1})
	in.Network = network(t, in.App)
	in.App.Services = in.App.Services[:3]
	in.App.Routes = append(in.App.Routes, release.Route{Path: "/docs/", To: "web"})
	in.App.Shapes = map[release.Color]release.Shape{release.Blue: {
		Services: []release.Service{{Name: "web", Port: 3000, Replicas: 1}, {Name: "old", Port: 9000, Replicas: 1}},
		Routes:   []release.Route{{Path: "/docs/", Files: "/srv/docs"}, {Path: "/old/", To: "old"}, {Path: "/", To: "web"}},
	}}
	return in
}

// byAddress sends a client to a replica by its address.
func byAddress(t *testing.T, in Input) Input {
	t.Helper()
	in.App.Services[0].Replicas = 3
	in.Network = network(t, in.App)
	in.App.Routes[1].Options.Balance = release.IPHash
	in.App.Routes[0].Options.Balance = release.IPHash // of a single replica: nothing to choose
	return in
}
