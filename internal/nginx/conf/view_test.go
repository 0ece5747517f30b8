package conf

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// told is a view as text.
type told struct{ strings.Builder }

func (b *told) line(depth int, format string, args ...any) {
	fmt.Fprintf(b, strings.Repeat("  ", depth)+format+"\n", args...)
}

func tell(v *View) string {
	b := &told{}
	for _, u := range v.Upstreams {
		b.upstream(u)
	}
	for _, s := range v.Servers {
		b.server(s)
	}
	for _, p := range v.Passes {
		b.pass(p)
	}
	return b.String()
}

func (b *told) upstream(u *Upstream) {
	b.line(0, "upstream %s (%s)", u.Name, u.Place())
	for _, p := range u.Servers {
		b.line(1, "server %s = host %q port %q socket %q %q", p.Address, p.Host, p.Port, p.Socket, p.Params)
	}
	for _, n := range []*Node{u.Balance, u.Keepalive} {
		if n != nil {
			b.line(1, "%s", strings.Join(n.Values(), " "))
		}
	}
}

func (b *told) server(s *Server) {
	b.line(0, "server %q (%s) http2=%t", s.Names, s.Place(), s.HTTP2)
	for _, l := range s.Listens {
		b.line(1, "listen host %q port %q socket %q default=%t tls=%t http2=%t proxy=%t implied=%t",
			l.Host, l.Port, l.Socket, l.Default, l.TLS, l.HTTP2, l.ProxyProtocol, l.Node == nil)
	}
	for _, n := range append(s.Certificates, s.Keys...) {
		b.line(1, "%s", strings.Join(n.Values(), " "))
	}
	b.locations(1, s.Locations)
}

func (b *told) locations(depth int, of []*Location) {
	for _, l := range of {
		b.line(depth, "location %q %q, %d passes (%s)", l.Modifier, l.Path, len(l.Passes), l.Place())
		b.locations(depth+1, l.Locations)
	}
}

func (b *told) pass(p *Pass) {
	b.line(0, "pass %s in %s (%s)", p.Raw, p.Location.Place(), p.Place())
	b.line(1, "written: %s", destinationText(p.Destination))
	if p.If != nil {
		b.line(1, "in %s", strings.Join(p.If.Values(), " "))
	}
	for _, t := range p.Targets {
		b.target(t)
	}
	for _, s := range p.settings() {
		for _, n := range s.Nodes {
			b.line(1, "%s: %s (%s)", s.Level.Name, strings.Join(n.Values(), " "), n.Place())
		}
	}
}

func (b *told) target(t Target) {
	b.line(1, "to %s %s sometimes=%t literal=%t", t.Kind, destinationText(t.Destination), t.Sometimes, t.Literal())
	if t.Upstream != nil {
		b.line(2, "upstream %s", t.Upstream.Name)
	}
	if t.Why != "" {
		b.line(2, "because %s", t.Why)
	}
	for _, n := range t.By {
		b.line(2, "by %s (%s)", strings.Join(n.Values(), " "), n.Place())
	}
}

func destinationText(d Destination) string {
	return fmt.Sprintf("scheme %q host %q port %q socket %q uri %q", d.Scheme, d.Host, d.Port, d.Socket, d.URI)
}

func TestAViewTellsWhatIsServedAndWhereItLeads(t *testing.T) {
	for _, name := range []string{"certbot", "odd", "plain"} {
		tree, err := Load(os.DirFS(filepath.Join("testdata", name)), "/etc/nginx/nginx.conf")
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".golden")
		got := tell(tree.View())
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAListenIsReadInAllItsForms(t *testing.T) {
	for text, want := range map[string]Listen{
		"80":                            {Port: "80"},
		"*":                             {Port: "80"},
		"*:81 default":                  {Port: "81", Default: true},
		"localhost":                     {Host: "localhost", Port: "80"},
		"localhost:82":                  {Host: "localhost", Port: "82"},
		"[::1]":                         {Host: "[::1]", Port: "80"},
		"[::]:443 ssl http2":            {Host: "[::]", Port: "443", TLS: true, HTTP2: true},
		"443 quic reuseport":            {Port: "443", QUIC: true},
		"unix:/run/a.sock":              {Socket: "/run/a.sock"},
		"127.0.0.1:8080 proxy_protocol": {Host: "127.0.0.1", Port: "8080", ProxyProtocol: true},
	} {
		tree := loaded(t, map[string]string{"nginx.conf": "http { server { listen " + text + "; } }"})
		got := tree.View().Servers[0].Listens[0]
		got.Node = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestASetIsFollowedOnlyWhereNginxRunsIt holds the view against answers of the
// real nginx 1.22 (return instead of proxy_pass), seen once.
func TestASetIsFollowedOnlyWhereNginxRunsIt(t *testing.T) {
	for text, want := range map[string]string{
		"location / { proxy_pass http://$a; set $a x; }":                                   "x",
		"set $a x; location / { set $a y; proxy_pass http://$a; }":                         "y",
		"set $a x; location / { if ($b) { set $a y; } proxy_pass http://$a; }":             "x? y?",
		"set $a x; location / { if ($b) { set $a y; proxy_pass http://$a; } }":             "y",
		"location / { if ($b) { set $a y; } set $a x; proxy_pass http://$a; }":             "x",
		"if ($b) { set $a y; } location / { proxy_pass http://$a; }":                       "y?",
		"location / { set $a x; location /b { proxy_pass http://$a; } }":                   "unknown",
		"location / { set $a x; } location /b { proxy_pass http://$a; }":                   "unknown",
		"set $a $b:$c; set $b x; set $c 80; location / { proxy_pass http://${a}/; }":       "x",
		"location / { proxy_pass http://$a; } } server { set $a x;":                        "unknown",
		"location / { proxy_pass http://$m; } } map $host $m { default x; } server {":      "x",
		"location / { proxy_pass http://$m; } } map $host $m { a x; hostnames; } server {": "x?",
		"location / { proxy_pass http://$host; }":                                          "unknown",
		"set $a ''; location / { proxy_pass http://$a; }":                                  "unknown",
		"set $a x; location / { proxy_pass $a; }":                                          "unknown",
		"location / { proxy_pass http://$a$uri; set $a x; }":                               "x",
		"location / { proxy_pass http://x$is_args$args; }":                                 "x",
		"location / { proxy_pass http://[::1]; }":                                          "[::1]",
		"location / { proxy_pass http://x$1; }":                                            "unknown",
	} {
		tree := loaded(t, map[string]string{"nginx.conf": "http { server { " + text + " } }"})
		var got []string
		for _, to := range tree.View().Passes[0].Targets {
			got = append(got, short(to))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s\nleads to %q, not %q", text, got, want)
		}
	}
}

func short(to Target) string {
	switch {
	case to.Kind == Unknown:
		return "unknown"
	case to.Sometimes:
		return to.Host + "?"
	}
	return to.Host
}
