package render

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// adopt makes the site one whose server blocks are somebody's own.
func adopt(in Input) Input {
	in.Place, in.Own, in.ColorHeader, in.Leads, in.AuthRequest = "host", false, false, true, true
	in.App.Site.Adopted = &release.Adopted{Before: map[string]string{"web": "127.0.0.1:8081", "api": "old_api"}}
	return in
}

func interim(in Input) Input {
	in.Interim, in.Network = true, release.Network{}
	return in
}

// adoptedCases have three golden files each.
func adoptedCases(t *testing.T) map[string]Input {
	t.Helper()
	half := adopt(input(t))
	half.App.Site.Adopted.Before = map[string]string{"web": "[::1]:8081"}
	return map[string]Input{
		"adopted": adopt(input(t)), "adopted-interim": interim(adopt(input(t))), "adopted-half": half,
		"adopted-by-address": adopt(byAddress(t, input(t))), "adopted-shapes": adopt(shapes(t, input(t))),
		"adopted-new": brandNew(adopt(https(input(t)))),
	}
}

func TestAnAdoptedSiteIsAsInTheGoldenFiles(t *testing.T) {
	for name, in := range adoptedCases(t) {
		out, err := Site(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name+".conf", out.Text)
		golden(t, name+".server.inc", out.Server)
		golden(t, name+".beside.inc", out.Beside)
	}
}

func TestAnAdoptedSiteHasNoServerOfItsOwnAndTellsWhereItIsMet(t *testing.T) {
	out, err := Site(adopt(https(input(t))))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out.Text), "server {") || strings.Contains(string(out.Text), "listen ") {
		t.Errorf("the file for the http block has a server:\n%s", out.Text)
	}
	asked, generation, ok := ParseAsked(string(out.Text))
	if got := fmt.Sprint(asked.Plain, asked.Secure, asked.Hosts, asked.Keeps, asked.Leads); !ok || generation != out.Generation ||
		got != "[80 [::]:80] [443 [::]:443] [voda.example *.voda.example] false true" {
		t.Errorf("read back: %s, generation %s, %t", got, generation, ok)
	}
	other, err := Site(input(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := ParseAsked(string(other.Text)); ok {
		t.Error("a site with a server of its own counts as adopted")
	}
}

func TestEachFileOfAnAdoptedSiteCountsInItsGeneration(t *testing.T) {
	first, err := Site(adopt(input(t)))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Input){
		"before": func(in *Input) { in.App.Site.Adopted.Before["web"] = "elsewhere" },
		"host":   func(in *Input) { in.App.Site.Hosts = []string{"other.example"} },
		"leads":  func(in *Input) { in.Leads = false },
	} {
		in := adopt(input(t))
		change(&in)
		if out, err := Site(in); err != nil || out.Generation == first.Generation {
			t.Errorf("%s: same generation (%v)", what, err)
		}
	}
}

func TestHostileWordsAboutWhatServedBeforeAreRefused(t *testing.T) {
	for _, value := range append(hostile, "", "-x", "127.0.0.1:0", "[fe80::1%eth0]:80", "http://web", "unix:/x", "web:80") {
		in := adopt(input(t))
		in.App.Site.Adopted.Before["web"] = value
		if out, err := Site(in); err == nil && value != "" {
			t.Errorf("%q was rendered:\n%s", value, out.Server)
		}
	}
	own, alike := adopt(input(t)), adopt(input(t))
	own.Own = true
	alike.App.Services[0].Name, alike.App.Services[1].Name = "a.b", "a_b"
	alike.App.Routes[1].To, alike.App.Routes[0].To = "a.b", "a_b"
	alike.Network = network(t, alike.App)
	for what, in := range map[string]Input{"in teal's own nginx": own, "with one variable for two services": alike} {
		if _, err := Site(in); err == nil {
			t.Errorf("rendered %s", what)
		}
	}
}

// house is a real nginx with a server block written by hand that includes what
// is rendered.
type house struct {
	t    *testing.T
	root string
	at   string
	in   Input
	main string
}

// build makes the files of a house whose server block has these locations and
// includes the named file.
func build(t *testing.T, in Input, file, locations string) *house {
	t.Helper()
	root, err := os.MkdirTemp("", "tealtest-render-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, root: root, at: free(t), in: placed(t, in, root), main: filepath.Join(root, "nginx.conf")}
	h.render()
	put(t, h.main, []byte(strings.NewReplacer("ROOT", root, "AT", h.at, "FILE", file, "LOCATIONS", strings.ReplaceAll(locations, "ROOT", root)).Replace(`
pid ROOT/pid; error_log ROOT/error.log; worker_processes 1; daemon off; events {}
http {
	access_log off; client_body_temp_path ROOT/b; proxy_temp_path ROOT/p; fastcgi_temp_path ROOT/f; uwsgi_temp_path ROOT/u; scgi_temp_path ROOT/s;
	include ROOT/apps/voda/host.conf;
	server {
		include ROOT/apps/voda/host.FILE.inc;
		listen AT;
		LOCATIONS
	}
}`)))
	return h
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// render writes the three files.
func (h *house) render() {
	h.t.Helper()
	out, err := Site(h.in)
	if err != nil {
		h.t.Fatal(err)
	}
	dir := filepath.Join(h.root, "apps", "voda")
	put(h.t, filepath.Join(dir, "host.conf"), out.Text)
	put(h.t, filepath.Join(dir, "host.server.inc"), out.Server)
	put(h.t, filepath.Join(dir, "host.beside.inc"), out.Beside)
}

// test runs nginx -t.
func (h *house) test() {
	h.t.Helper()
	out, err := exec.CommandContext(h.t.Context(), "/usr/sbin/nginx", "-t", "-p", h.root, "-c", h.main).CombinedOutput()
	if err != nil {
		h.t.Errorf("nginx refuses it (install nginx if it is missing): %v\n%s", err, out)
	}
}

// open starts nginx and waits until it answers.
func (h *house) open() *house {
	h.t.Helper()
	h.test()
	cmd := exec.Command("/usr/sbin/nginx", "-p", h.root, "-c", h.main)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	deadline, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := net.Dial("tcp", h.at); err == nil {
			conn.Close()
			return h
		}
		select {
		case <-deadline:
			h.t.Fatal("nginx does not answer")
		case <-tick.C:
		}
	}
}

// ask sends a request with a target as it stands, and says whether the
// connection stays.
func (h *house) ask(target, password string) (status int, body string, stays bool) {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.at)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: voda.example\r\n%s\r\n", target, password)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		h.t.Fatalf("%s: %v", target, err)
	}
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), !resp.Close
}

// echo answers the request's target as it came over the wire.
func echo(t *testing.T, name string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", name, r.RequestURI)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestARealNginxTakesEveryAdoptedGolden(t *testing.T) {
	for name, in := range adoptedCases(t) {
		if in.Version.KeepsConnections() {
			continue // the nginx here doesn't know what it is told
		}
		for _, file := range []string{"server", "beside"} {
			t.Run(name+" "+file, func(t *testing.T) {
				build(t, in, file, "location / { proxy_pass http://$teal_voda__web; }").test()
			})
		}
	}
}

// A deploy that is killed while it writes leaves files of two shapes; nginx
// must start with them.
func TestARealNginxTakesFilesOfTwoShapes(t *testing.T) {
	all := []Input{adopt(input(t)), interim(adopt(input(t))), adopt(byAddress(t, input(t)))}
	for i, in := range all {
		for j, other := range all {
			h := build(t, in, "server", "location / { proxy_pass http://$teal_voda__web; }")
			out, err := Site(placed(t, other, h.root))
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(h.root, "apps", "voda", "host.conf"), out.Text)
			t.Run(fmt.Sprint(i, " in ", j), func(*testing.T) { h.test() })
		}
	}
}

// lived is a house in whose server the path / asks for a password, with web and
// what served before it behind it.
func lived(t *testing.T, locations string) *house {
	t.Helper()
	in := adopt(input(t))
	in.App.Services[0].Replicas = 1
	in.App.Addresses = release.AddressesPorts
	in.App.Services[0].HostPorts, in.App.Services[1].HostPorts = map[release.Color][]int{}, map[release.Color][]int{}
	for _, c := range release.Colors {
		in.App.Services[0].HostPorts[c] = []int{portOf(t, echo(t, string(c)))}
		in.App.Services[1].HostPorts[c] = []int{9}
	}
	in.App.Site.Adopted.Before["web"] = echo(t, "before")
	return build(t, in, "server", locations).open()
}

func portOf(t *testing.T, at string) int {
	t.Helper()
	a, err := netip.ParseAddrPort(at)
	if err != nil {
		t.Fatal(err)
	}
	return int(a.Port())
}

const guarded = `location / { auth_basic off; proxy_pass http://$teal_voda__web; }
	location /private/ { auth_basic theirs; auth_basic_user_file ROOT/users; proxy_pass http://$teal_voda__web; }
	location /api/ { rewrite ^/api/(.*)$ /$1 break; proxy_pass http://$teal_voda__web; }`

func TestEachColorAndWhatServedBeforeAnswerBehindTheSamePassword(t *testing.T) {
	h := lived(t, guarded)
	put(t, filepath.Join(h.root, "users"), []byte("me:{PLAIN}secret\n"))
	password := "Authorization: Basic bWU6c2VjcmV0\r\n"
	live := filepath.Join(h.root, "live", "voda")
	for _, step := range []struct {
		who    string
		change func()
	}{
		{"before", func() {}},
		{"blue", func() { put(t, filepath.Join(live, "table"), []byte("blue\n")) }},
		{"green", func() {
			for _, b := range Buckets() {
				put(t, filepath.Join(live, b), nil)
			}
		}},
		{"before", func() { _ = os.RemoveAll(live) }},
	} {
		step.change()
		for _, closing := range []bool{false, true} {
			h.close(closing)
			h.answers("/a?b=%2F", "", 200, step.who+" /a?b=%2F", closing)
			h.answers("/private/x", "", 401, "", closing)
			h.answers("/private/x", password, 200, step.who+" /private/x", closing)
			h.answers("/api/users?q=1", "", 200, step.who+" /users?q=1", closing)
			// What nginx would decode goes on as it came, and is not closed.
			h.answers("/a%2Fb%20c//d/../e", "", 200, step.who+" /a%2Fb%20c//d/../e", false)
		}
	}
}

// close raises or lifts the flag that connections be closed.
func (h *house) close(on bool) {
	h.t.Helper()
	flag := ClosingFlagOf(h.root, "host", "voda")
	if on {
		put(h.t, flag, nil)
		return
	}
	_ = os.Remove(flag)
}

func (h *house) answers(target, password string, status int, body string, closes bool) {
	h.t.Helper()
	got, text, stays := h.ask(target, password)
	if got != status || body != "" && text != body || stays == closes {
		h.t.Errorf("%s is answered %d %q, connection stays: %t; want %d %q", target, got, text, stays, status, body)
	}
}

func TestTheControlLocationAnswersWhateverTheServerAsksOfClients(t *testing.T) {
	h := lived(t, `auth_basic theirs; auth_basic_user_file /dev/null; satisfy any; deny all; limit_rate 1; error_page 404 =200 /page;
	if ($http_user_agent = "") { return 444; }
	location / { proxy_pass http://$teal_voda__web; }`)
	put(t, filepath.Join(h.root, "live", "voda", "table"), []byte("blue\n"))
	h.answers(ControlPath(testToken), "", 200, "blue\n", false)
	_ = os.RemoveAll(filepath.Join(h.root, "live"))
	h.answers(ControlPath(testToken), "", 404, "", false)
}
