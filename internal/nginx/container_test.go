package nginx

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	moby "github.com/moby/moby/client"

	"teal/internal/release"
)

// harbor is a stage whose proxy is nginx in a container. The colors are on
// this machine, at addresses of the app's network.
type harbor struct {
	*stage
	docker docker
	name   string // of the container
}

// moor sets the stage with the app's network, and no container yet.
func moor(t *testing.T) *harbor {
	t.Helper()
	s := setStage(t)
	h := &harbor{stage: s, docker: dockerEngine(t)}
	n := int(subnets.Add(1))
	s.app.Name = fmt.Sprintf("tealtest-n%d-%d", os.Getpid(), n)
	h.name = s.app.Name + "-edge-1"
	s.net = release.Network{Subnet: h.docker.network(t, s.app.Name)}
	t.Cleanup(func() { _ = unbar(s.net.Subnet) }) // where the test takes the app not away
	var err error
	s.net, err = s.net.Assign(s.app.Services)
	s.must(err)
	s.r.Use(h.docker)
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: "edge"}}
	s.app.Site.Listen = []string{"80"}
	return h
}

// color plays a color at the gateway, which is this machine's.
func (h *harbor) color(c release.Color) *backend {
	h.t.Helper()
	return play(h.t, c, netip.AddrPortFrom(h.net.Gateway(), 0))
}

// ship starts the container with the mounts that the app wants of it, but for
// those that keep says no to.
func (h *harbor) ship(keep func(release.Mount) bool) string {
	h.t.Helper()
	var mounts []release.Mount
	for _, m := range h.app.ProxyMounts(h.r.root, h.app.Proxies[0]) {
		if keep(m) {
			mounts = append(mounts, m)
		}
	}
	folders(h.t, mounts)
	id := h.docker.start(h.t, h.name, mounts)
	h.eventually("nginx runs in its container", func() bool {
		s, err := h.r.server(h.ctx, h.app, h.app.Proxies[0])
		if err != nil {
			return false
		}
		m, ok := s.running()
		return ok && len(m.workers()) > 0
	})
	return id
}

func everything(release.Mount) bool { return true }

// settle brings the app up with both colors, live on blue.
func (h *harbor) settle() {
	h.t.Helper()
	// Colors in containers would have the slots' addresses; here both are at
	// the gateway, with ports of their own.
	h.blue.stop()
	h.green.stop()
	h.blue, h.green = h.color(release.Blue), h.color(release.Green)
	h.app.Shapes = map[release.Color]release.Shape{}
	for _, c := range release.Colors {
		slot := release.Slot{Service: "web", Color: c, Replica: 1}
		h.net.Slots[slot] = h.net.Gateway()
		port := h.blue.at.Port()
		if c == release.Green {
			port = h.green.at.Port()
		}
		h.app.Shapes[c] = release.Shape{
			Services: []release.Service{{Name: "web", Port: int(port), Replicas: 1}}, Routes: h.app.Routes,
		}
	}
	h.must(h.r.Apply(h.ctx, h.app, h.net))
	s, err := h.r.server(h.ctx, h.app, h.app.Proxies[0])
	h.must(err)
	h.addr = netip.AddrPortFrom(s.box.addr, 80).String()
	h.shift(release.Blue)
}

func TestNginxInAContainerIsSwitchedAndAsked(t *testing.T) {
	h := moor(t)
	h.ship(everything)
	h.settle()
	for n := range 6 {
		c := release.Colors[n%2]
		h.shift(c)
		h.servedBy(c)
	}
	o, err := h.r.Observe(h.ctx, h.app, h.net)
	h.must(err)
	p := o.Proxies[0]
	if !o.Ready() || !p.Owned || p.PID == 0 || p.Version != "1.22.1" || p.Name != "container nginx" {
		t.Errorf("observed %+v", p)
	}
}

func TestAReloadInAContainerUnderLoadLosesNoRequest(t *testing.T) {
	h := moor(t)
	h.ship(everything)
	h.settle()
	end := h.load(8)
	for n := range 3 {
		for _, c := range release.Colors {
			shape := h.app.Shapes[c]
			shape.Routes = []release.Route{{Path: "/", To: "web", MaxBody: int64(1<<20 + n)}}
			h.app.Shapes[c] = shape
		}
		h.must(h.r.Apply(h.ctx, h.app, h.net))
	}
	sent, failures := end()
	if len(failures) > 0 {
		t.Errorf("%d of %d lost, the first: %s", len(failures), sent, failures[0])
	}
	t.Logf("%d requests over 3 reloads", sent)
}

func TestADrainSeesTheSocketsOfAContainer(t *testing.T) {
	h := moor(t)
	h.ship(everything)
	h.settle()
	h.app.Addresses = release.AddressesPorts // tell the colors, which are at one address here, apart by their ports
	shapes := h.app.Shapes
	for c, s := range shapes {
		s.Services[0].HostPorts = map[release.Color][]int{c: {s.Services[0].Port}}
	}
	h.held("/hold", "")
	h.shift(release.Green)
	e := endsOf(h.app, h.net)
	masters, err := h.r.masters(h.ctx, h.app)
	h.must(err)
	list, err := sockets(int(masters[0]))
	h.must(err)
	seen := 0
	for _, s := range list {
		if s.state == stateEstablished && s.remote.Port() == h.blue.at.Port() && owners(masters[0])[s.user] {
			seen++
		}
	}
	if seen != 1 || len(e.ports) != 2 {
		t.Errorf("%d sockets lead to blue, want 1", seen)
	}
}

func TestAContainerThatLacksMountsIsToldTheLines(t *testing.T) {
	h := moor(t)
	h.ship(func(m release.Mount) bool { return !strings.HasSuffix(m.Source, "/live") })
	err := h.r.Apply(h.ctx, h.app, h.net)
	want := "  - " + filepath.Join(h.r.root, "live") + ":" + filepath.Join(h.r.root, "live") + ":ro"
	if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), want) || strings.Contains(describe(err), "/tables:") {
		t.Errorf("got %v\nwant in it: %s", describe(err), want)
	}
	if remains(h.r.token(h.app.Name)) {
		t.Error("something was written")
	}
}

func TestAFileThatIsMountedAloneIsExplained(t *testing.T) {
	h := moor(t)
	site := filepath.Join(publicDir(t), "zz-teal-"+h.app.Name+".conf")
	h.must(os.WriteFile(site, nil, 0o644))
	mounts := h.app.ProxyMounts(h.r.root, h.app.Proxies[0])
	mounts = append(mounts[:len(mounts)-1], release.Mount{Source: site, Target: filepath.Join(release.DefaultSites, filepath.Base(site))})
	folders(t, mounts[:len(mounts)-1])
	h.docker.start(t, h.name, mounts)
	h.eventually("nginx runs", func() bool {
		s, err := h.r.server(h.ctx, h.app, h.app.Proxies[0])
		_, ok := s.running()
		return err == nil && ok
	})
	err := h.r.Apply(h.ctx, h.app, h.net)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "mounted as a single file") || !strings.Contains(describe(err), ":"+release.DefaultSites+":ro") {
		t.Errorf("got %v", describe(err))
	}
}

func TestAFolderThatWasMadeAnewIsNotTakenForTheMountedOne(t *testing.T) {
	h := moor(t)
	h.ship(everything)
	h.must(os.Rename(h.r.lives(), h.r.lives()+".old"))
	err := h.r.Apply(h.ctx, h.app, h.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "docker restart "+h.name) {
		t.Errorf("got %v", describe(err))
	}
}

func TestAContainersRefusalIsShownAndTakenBack(t *testing.T) {
	h := moor(t)
	h.ship(everything)
	h.settle()
	old := h.observed()
	h.app.Site.TLS = &release.TLS{Listen: []string{"443"}, Cert: "/nowhere/cert.pem", Key: "/nowhere/key.pem"}
	err := h.r.Apply(h.ctx, h.app, h.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), `"/nowhere/cert.pem"`) {
		t.Errorf("got %v", describe(err))
	}
	h.app.Site.TLS = nil
	h.app.Site.Listen = []string{"80", "8080"}
	h.app.Site.TLS = &release.TLS{Listen: []string{"443"}, SelfSigned: true, HTTP2: true}
	h.must(h.r.Apply(h.ctx, h.app, h.net)) // asks all three
	if now := h.observed(); now.Generation == old.Generation || !now.Current() {
		t.Errorf("observed %+v", now)
	}
}

func TestAnAddressThatAContainerCannotHaveIsShown(t *testing.T) {
	h := moor(t)
	id := h.ship(everything)
	h.settle()
	old := h.observed()
	h.app.Site.Listen = []string{"80", "10.255.255.1:81"}
	start := time.Now()
	err := h.r.Apply(h.ctx, h.app, h.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "10.255.255.1:81 failed") {
		t.Errorf("got %v", describe(err))
	}
	t.Logf("after %s", time.Since(start))
	h.servedBy(release.Blue)
	h.app.Site.Listen = []string{"80"}
	if now := h.observed(); now.Generation != old.Generation || !now.Current() {
		t.Errorf("was %+v, is %+v in %s", old, now, id)
	}
}

func TestAContainerThatIsNotThereSaysSo(t *testing.T) {
	h := moor(t)
	h.app.Proxies[0] = release.Proxy{Kind: release.ProxyContainer, Container: "tealtest-nobody"}
	o, err := h.r.Observe(h.ctx, h.app, h.net)
	if err != nil || o.Proxies[0].Running || o.Proxies[0].Owned || o.Proxies[0].Wanted != "" {
		t.Errorf("observed %+v, %v", o.Proxies, err)
	}
	if err := h.r.Up(h.ctx, h.app); release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "no container tealtest-nobody") {
		t.Errorf("got %v", describe(err))
	}
	h.app.Addresses = release.AddressesPorts
	h.app.Proxies[0] = release.Proxy{Kind: release.ProxyContainer, Service: "edge"}
	h.ship(everything)
	if err := h.r.Apply(h.ctx, h.app, h.net); release.CodeOf(err) != release.Invalid || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v", describe(err))
	}
}

func TestAnAppIsTakenOutOfAContainerAndComesBack(t *testing.T) {
	h := moor(t)
	id := h.ship(everything)
	h.settle()
	h.must(h.r.Remove(h.ctx, h.app))
	if conn, err := net.Dial("tcp", h.addr); err == nil {
		conn.Close()
		t.Error("the address still answers")
	}
	o, err := h.r.Observe(h.ctx, h.app, h.net)
	h.must(err)
	if o.Known || o.Loaded() || len(o.Leftovers) > 0 {
		t.Errorf("observed %+v", o)
	}
	h.settle() // the folders are the ones that are mounted
	h.servedBy(release.Blue)
	if _, err := h.docker.ContainerRestart(h.ctx, id, moby.ContainerRestartOptions{}); err != nil {
		t.Fatal(err)
	}
	h.eventually("it serves again", func() bool { return h.observed().Current() })
	h.servedBy(release.Blue)
}
