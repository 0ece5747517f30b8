package compose

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

// pairApp is the application under testdata/pair: shared services in one
// file, each color's own in another.
func pairApp(t *testing.T) release.App {
	t.Helper()
	dir, err := filepath.Abs("testdata/pair")
	if err != nil {
		t.Fatal(err)
	}
	return release.App{
		Name: "shop", Dir: dir, Compose: []string{filepath.Join(dir, "compose.yaml")}, Addresses: release.AddressesPorts,
		Own: map[release.Color][]string{
			release.Blue:  {filepath.Join(dir, "compose.blue.yaml")},
			release.Green: {filepath.Join(dir, "compose.green.yaml")},
		},
		Services: []release.Service{
			{Name: "server", Port: 8080, Replicas: 1, Names: map[release.Color]string{release.Blue: "my-blue", release.Green: "my-green"}},
			{Name: "node", Port: 3000, Replicas: 2, Each: map[release.Color][]string{release.Blue: {"node-1", "node-2"}, release.Green: {"node-1", "node-2"}}},
		},
	}
}

func TestAColorsOwnFilesAreUsedAsTheyAre(t *testing.T) {
	app, err := Complete(t.Context(), pairApp(t))
	if err != nil {
		t.Fatal(err)
	}
	net, err := release.Network{Subnet: prefix("10.77.1.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := (&Engine{}).Prepare(t.Context(), app, 7, net)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, app, "../pair/shared.json", spec.Shared)
	golden(t, app, "../pair/blue.json", spec.Models[release.Blue])
	golden(t, app, "../pair/green.json", spec.Models[release.Green])
}

func TestPortsAndUnlistedServicesAreFoundInTheColorsFiles(t *testing.T) {
	app, err := Complete(t.Context(), pairApp(t))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[release.Color][]int{}
	for _, s := range app.Services {
		got[s.Name] = s.HostPorts
	}
	want := map[string]map[release.Color][]int{
		"server": {release.Blue: {8081}, release.Green: {8082}},
		"node":   {release.Blue: {3001, 3002}, release.Green: {3003, 3004}},
		"mailer": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	again, err := Complete(t.Context(), app)
	if diff := cmp.Diff(app, again); diff != "" || err != nil {
		t.Errorf("completed twice: %v %s", err, diff)
	}
}

// twoFiles is an app without shared services whose colors have the texts as
// their files; its one service is web.
func twoFiles(t *testing.T, blue, green string) release.App {
	t.Helper()
	dir := t.TempDir()
	app := release.App{Name: "shop", Dir: dir, Addresses: release.AddressesPorts, Services: []release.Service{{Name: "web", Port: 8080, Replicas: 1}}}
	app.Own = map[release.Color][]string{release.Blue: {filepath.Join(dir, "blue.yaml")}, release.Green: {filepath.Join(dir, "green.yaml")}}
	write(t, app.Own[release.Blue][0], blue)
	write(t, app.Own[release.Green][0], green)
	return app
}

func TestFilesOfTwoColorsThatCannotRunSideBySideAreRefused(t *testing.T) {
	const plain = "services:\n  web: {image: x, ports: ['8081:8080']}\n"
	tests := []struct{ name, blue, green, what, next string }{
		{
			"one host port in both colors", plain, "services:\n  web:\n    image: x\n    ports: ['8080-8082:8080']\n",
			"green.yaml:4:5: service web of green publishes host port 8080-8082, which service web of blue has at blue.yaml:2:19", "give it another host port",
		},
		{
			"a service that green lacks", "services:\n  web: {image: x, ports: ['8081:8080']}\n  side: {image: x}\n", "services:\n  web: {image: x, ports: ['8082:8080']}\n",
			"blue.yaml:3:3: service side is only in the files of blue, and teal.yaml does not say what it is in green",
			"list it under services in teal.yaml, with compose: {blue: side, green: its name there}",
		},
		{
			"a database that both open",
			"services:\n  web: {image: x, ports: ['8081:8080']}\n  db:\n    image: postgres\n    volumes: ['data:/d']\nvolumes: {data: }\n",
			"services:\n  web: {image: x, ports: ['8082:8080']}\n  db: {image: postgres, volumes: ['data:/d']}\nvolumes: {data: }\n",
			"blue.yaml:5:5: service db is a database with data in /d, which two colors would open at once", "leave db out of services in teal.yaml: it is then shared by both colors",
		},
		{
			"no port for nginx", plain, "services:\n  web: {image: x, ports: ['8080']}\n",
			"green.yaml:2:19: service web publishes no host port for its port 8080, at which nginx could reach it",
			"publish one, as 127.0.0.1:PORT:8080, or set port of service web in teal.yaml to the container's port",
		},
		{
			"a service that teal.yaml names and green lacks", plain, "services:\n  wob: {image: x}\n", "green.yaml has no service web", "did you mean wob?",
		},
		{
			"one image each", plain, "services:\n  web: {image: y, ports: ['8082:8080']}\n",
			"green.yaml:2:9: service web has image x in one place and y in another", "name one image: the release number may be part of it, the color and the replica may not",
		},
		{
			"one build each", "services:\n  web: {build: ./a, ports: ['8081:8080']}\n", "services:\n  web: {build: ./b, ports: ['8082:8080']}\n",
			"green.yaml:2:9: service web is built in two ways", "build it in one way: the release number may be part of it, the color and the replica may not",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := known(t, prepareWhole(t, twoFiles(t, test.blue, test.green)), release.Invalid)
			if e.What != test.what || e.Next != test.next {
				t.Errorf("got  %q, next %q\nwant %q, next %q", e.What, e.Next, test.what, test.next)
			}
		})
	}
}

// prepareWhole does all that is done to an app's files before a container is
// made.
func prepareWhole(t *testing.T, app release.App) error {
	t.Helper()
	app, err := Complete(t.Context(), app)
	if err != nil {
		return err
	}
	net, err := release.Network{Subnet: prefix("10.9.8.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&Engine{}).Prepare(t.Context(), app, 1, net)
	return err
}

func TestEachColorsDatabaseMayHaveDataOfItsOwn(t *testing.T) {
	const file = "services:\n  web: {image: x, ports: ['PORT:8080']}\n  db: {image: postgres, volumes: ['COLOR:/d']}\nvolumes: {COLOR: }\n"
	of := func(color, port string) string {
		return strings.NewReplacer("COLOR", color, "PORT", port).Replace(file)
	}
	if err := prepareWhole(t, twoFiles(t, of("blue", "8081"), of("green", "8082"))); err != nil {
		t.Error(err)
	}
}

func TestColorsWithPortsOfTheirOwnMayUseTheHostsNetwork(t *testing.T) {
	app := twoFiles(t, "services:\n  web: {image: x, network_mode: host}\n", "services:\n  web: {image: x, network_mode: host}\n")
	app.Services[0].HostPorts = map[release.Color][]int{release.Blue: {8081}, release.Green: {8082}}
	if err := prepareWhole(t, app); err != nil {
		t.Error(err)
	}
	app.Addresses = release.AddressesContainers
	known(t, prepareWhole(t, app), release.Invalid)
}

func TestReplicasOfOneDefinitionShareItsRangeOfPorts(t *testing.T) {
	app := twoFiles(t, "services:\n  web: {image: x, ports: ['127.0.0.1:3000-3001:8080']}\n", "services:\n  web: {image: x, ports: ['127.0.0.1:3002-3003:8080']}\n")
	app.Services[0].Replicas = 2
	app, err := Complete(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	want := map[release.Color][]int{release.Blue: {3000, 3001}, release.Green: {3002, 3003}}
	if diff := cmp.Diff(want, app.Services[0].HostPorts); diff != "" {
		t.Error(diff)
	}
}

// freePort is a port of this machine that nothing listens at just now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// own gives each color of the stage a file of its own, COLOR and PORT filled
// in, and completes the app.
func (s *stage) own(file string, ports map[release.Color]int) {
	s.t.Helper()
	s.app.Own = map[release.Color][]string{}
	for c, port := range ports {
		path := filepath.Join(s.app.Dir, string(c)+".yaml")
		write(s.t, path, strings.NewReplacer("COLOR", string(c), "PORT", fmt.Sprint(port), "IMAGE", testImage, "APP", s.app.Name).Replace(file))
		s.app.Own[c] = []string{path}
	}
	s.app.Addresses = release.AddressesPorts
	var err error
	s.app, err = Complete(s.t.Context(), s.app)
	s.must(err)
	s.net, err = s.net.Assign(s.app.Services)
	s.must(err)
}

func TestTwoColorsFromFilesOfTheirOwnServeAtTheirPorts(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  store: {image: IMAGE, command: wait}\n", release.Service{
		Name: "web", Port: 8080, Replicas: 1, Names: map[release.Color]string{release.Blue: "my-blue", release.Green: "my-green"},
	})
	ports := map[release.Color]int{release.Blue: freePort(t), release.Green: freePort(t)}
	s.own(`
services:
  my-COLOR: {image: IMAGE, container_name: APP-my-COLOR, ports: ["PORT:8080"], environment: {GREETING: "own COLOR"}, depends_on: [back], volumes: ["data:/data"]}
  back: {image: IMAGE, command: wait, hostname: back}
volumes: {data: {}}
`, ports)
	s.started(1, release.Blue)
	s.started(2, release.Green)
	for number, c := range map[int]release.Color{1: release.Blue, 2: release.Green} {
		want := fmt.Sprintf("%s %d own %s", c, number, c)
		if got := s.getAt(fmt.Sprintf("127.0.0.1:%d", ports[c])); got != want {
			t.Errorf("%s answers %q, want %q", c, got, want)
		}
		found, err := s.InColor(t.Context(), s.app, c)
		s.must(err)
		state := release.ColorState{Containers: found}
		if !state.Up(s.app.Services) || !slices.ContainsFunc(found, func(have release.Container) bool {
			return have.Name == s.app.Name+"-my-"+string(c) && have.Service == "web"
		}) {
			t.Errorf("%s holds %+v", c, found)
		}
	}
	s.resolvesItsOwn()
	blue, green := s.service(release.Blue, "web"), s.service(release.Green, "web")
	s.in(blue, "write", "/data/upload", "kept")
	if got := s.in(green, "read", "/data/upload"); got != "kept" {
		t.Errorf("what blue stored reads as %q in green", got)
	}
}

func TestAContainerNameThatIsTakenIsNamedWithItsHolder(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  store: {image: IMAGE, command: wait}\n", web)
	s.own("services:\n  web: {image: IMAGE, container_name: APP-before-web-1, ports: ['PORT:8080']}\n", map[release.Color]int{release.Blue: freePort(t), release.Green: freePort(t)})
	write(t, s.app.Own[release.Green][0], strings.ReplaceAll("services:\n  web: {image: IMAGE, ports: ['9:8080']}\n", "IMAGE", testImage))
	s.stranger(s.app.Name+"-before", "web") // the app as it was run before teal
	err := s.Start(t.Context(), s.app, s.prepared(1), release.Blue, quiet)
	if e := known(t, err, release.Gate); e.What != "container name "+s.app.Name+"-before-web-1, which web-blue has in its compose file, is taken" {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}
