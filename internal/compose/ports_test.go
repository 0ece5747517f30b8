package compose

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

// atPorts makes web of the stage reachable at the loopback ports.
func (s *stage) atPorts(blue, green int) {
	s.app.Addresses = release.AddressesPorts
	s.app.Services[0].HostPorts = map[release.Color][]int{release.Blue: {blue}, release.Green: {green}}
}

func TestColorsOfOneFileServeAtTheLoopbackPortsTheyAreGiven(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, ports: ['18080:8080']}\n", web)
	ports := map[release.Color]int{release.Blue: freePort(t), release.Green: freePort(t)}
	s.atPorts(ports[release.Blue], ports[release.Green])
	s.started(1, release.Blue)
	s.started(2, release.Green)
	for number, c := range map[int]release.Color{1: release.Blue, 2: release.Green} {
		addr := s.app.Endpoint(s.net, release.Slot{Service: "web", Color: c, Replica: 1})
		if got, want := s.getAt(addr.String()), fmt.Sprintf("%s %d ", c, number); got != want || int(addr.Port()) != ports[c] {
			t.Errorf("%s at %s answers %q, want %q", c, addr, got, want)
		}
	}
	if listenersElsewhere := slices.ContainsFunc(listenersOn(t, ports[release.Blue]), func(addr string) bool { return addr != "0100007F" }); listenersElsewhere {
		t.Error("the port can be reached from other machines")
	}
}

// listenersOn are the addresses at which the port is listened on.
func listenersOn(t *testing.T, port int) []string {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	var addrs []string
	for _, l := range listeners(string(table)) {
		if l.port == port {
			addrs = append(addrs, l.addr)
		}
	}
	return addrs
}

func TestAPortThatAProcessHasIsNamedWithItsHolder(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	s.atPorts(port, freePort(t))
	err = s.Start(t.Context(), s.app, s.prepared(1), release.Blue, quiet)
	e := known(t, err, release.Gate)
	me := fmt.Sprintf("%s (pid %d) listens at port %d", "compose.test", os.Getpid(), port)
	if e.What != fmt.Sprintf("host port %d, which web-blue publishes, is taken", port) || !slices.Contains(e.Detail, me) {
		t.Errorf("got %q, detail %q, want %q among it", e.What, e.Detail, me)
	}
	s.must(s.Clear(t.Context(), s.app, release.Blue))
	taken.Close()
	s.must(s.Start(t.Context(), s.app, s.prepared(2), release.Blue, quiet))
}

func TestAPortThatAContainerHasIsNamedWithItsHolder(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	port := freePort(t)
	s.atPorts(freePort(t), port)
	s.must(s.Start(t.Context(), s.app, s.prepared(1), release.Green, quiet))
	s.atPorts(port, freePort(t)) // teal.yaml has changed since
	e := known(t, s.Start(t.Context(), s.app, s.prepared(2), release.Blue, quiet), release.Gate)
	holder := s.only(release.Green).Name
	if !slices.ContainsFunc(e.Detail, func(line string) bool { return strings.HasPrefix(line, "container "+holder+" publishes port") }) {
		t.Errorf("got %q, detail %q, want %s among it", e.What, e.Detail, holder)
	}
}

func TestASharedServicesPortIsNotGivenToAColor(t *testing.T) {
	app := written(t, "services:\n  web: {image: x}\n  db:\n    image: x\n    ports: ['3000:5432']\n", "web")
	app.Addresses = release.AddressesPorts
	app.Services[0].Port, app.Services[0].HostPorts = 8080, map[release.Color][]int{release.Blue: {3001}, release.Green: {3000}}
	_, err := loadChecked(t.Context(), app)
	want := "compose.yaml:2:3: service web of green publishes host port 3000, which shared service db has at compose.yaml:5:5"
	if e := known(t, err, release.Invalid); e.What != want {
		t.Errorf("got %q", e.What)
	}
}

func TestRangesOfPortsAreReadPortByPort(t *testing.T) {
	dir := t.TempDir()
	app := release.App{Name: "shop", Dir: dir, Compose: []string{filepath.Join(dir, "c.yaml")}}
	write(t, app.Compose[0], "services:\n  web: {image: x, ports: ['3000-3001:80', '4000-4001:8000-8001', '5000', '127.0.0.1::9', '6000:60/udp']}\n")
	r, err := read(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]int
	for _, p := range r.shared.Services["web"].Ports {
		got = append(got, published(p))
	}
	if diff := cmp.Diff([][]int{{3000, 3001}, {4000}, {4001}, nil, nil, {6000}}, got); diff != "" {
		t.Error(diff)
	}
}
