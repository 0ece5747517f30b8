package compose

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

var update = flag.Bool("golden", false, "write the golden files anew")

// goldenApp is the application under testdata/color.
func goldenApp(t *testing.T) (release.App, release.Network) {
	t.Helper()
	dir, err := filepath.Abs("testdata/color")
	if err != nil {
		t.Fatal(err)
	}
	app := release.App{Name: "shop", Dir: dir, File: filepath.Join(dir, "teal.yaml"), Compose: []string{filepath.Join(dir, "compose.yaml")}, Services: []release.Service{
		{Name: "back", Port: 8080, Replicas: 1}, {Name: "web", Port: 3000, Replicas: 2}, {Name: "worker", Replicas: 1},
	}}
	net, err := release.Network{Subnet: netip.MustParsePrefix("10.77.1.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	return app, net
}

func TestOneComposeFileBecomesTwoColorsAndTheSharedServices(t *testing.T) {
	app, net := goldenApp(t)
	spec, err := (&Engine{}).Prepare(t.Context(), app, 7, net)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, app, "shared.json", spec.Shared)
	golden(t, app, "blue.json", spec.Models[release.Blue])
	golden(t, app, "green.json", spec.Models[release.Green])
}

// golden compares the model with the file, the application's folder taken
// out.
func golden(t *testing.T, app release.App, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "color", name)
	text := strings.ReplaceAll(string(got), app.Dir, "$DIR") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(text, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestAModelReadBackIsTheModelThatWasWritten(t *testing.T) {
	app, net := goldenApp(t)
	spec, err := (&Engine{}).Prepare(t.Context(), app, 7, net)
	if err != nil {
		t.Fatal(err)
	}
	for project, written := range map[string][]byte{"shop": spec.Shared, "shop-blue": spec.Models[release.Blue], "shop-green": spec.Models[release.Green]} {
		read, err := decode(t.Context(), app, project, written)
		if err != nil {
			t.Fatal(err)
		}
		again, err := encode(read)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(written), string(again)); diff != "" {
			t.Errorf("%s (-written +read back):\n%s", project, diff)
		}
	}
}

// paint reads the app's files and renders the color's model.
func paint(t *testing.T, app release.App, net release.Network, c release.Color) *types.Project {
	t.Helper()
	taken, err := (&Engine{}).taken(t.Context(), app, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := taken.paint(1, net, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// painted is the green model of one colored service, web.
func painted(t *testing.T, compose string) *types.Project {
	t.Helper()
	app := written(t, compose, "web")
	net, err := release.Network{Subnet: prefix("10.9.8.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	return paint(t, app, net, release.Green)
}

func TestASecretFromTheEnvironmentKeepsItsValueAndIsNoFile(t *testing.T) {
	written := &types.Project{Name: "shop-blue", Secrets: types.Secrets{
		"key":  {Name: "shop_key", Environment: "KEY", Content: "s3cret"},
		"cert": {Name: "shop_cert", File: "/etc/cert.pem"},
	}}
	content, err := encode(written)
	if err != nil {
		t.Fatal(err)
	}
	read, err := decode(t.Context(), release.App{Name: "shop", Dir: "/"}, "shop-blue", content)
	if err != nil {
		t.Fatal(err)
	}
	// The SDK copies a secret that has a variable and mounts every other.
	if key := read.Secrets["key"]; key.Content != "s3cret" || key.Environment == "" || key.File != "" {
		t.Errorf("the secret is read back as %+v", key)
	}
	if cert := read.Secrets["cert"]; cert.File != "/etc/cert.pem" || cert.Environment != "" {
		t.Errorf("the file is read back as %+v", cert)
	}
}

func TestADefaultNetworkOfTheUsersOwnIsJoinedBesideTheApps(t *testing.T) {
	p := painted(t, "services:\n  web: {image: x}\nnetworks: {default: {name: outside, external: true}}\n")
	var names []string
	for key := range p.Services["web-green"].Networks {
		names = append(names, p.Networks[key].Name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"outside", "shop-green_default", "teal-shop"}, names); diff != "" {
		t.Error(diff)
	}
	if aliases := p.Services["web-green"].Networks[ownDefault].Aliases; slices.Contains(aliases, "web") {
		t.Errorf("both colors would answer to web in the user's network: %q", aliases)
	}
}

func TestAStoppedColorStaysStoppedWhenDockerRestarts(t *testing.T) {
	for compose, want := range map[string]string{
		"restart: always":                            "unless-stopped",
		"restart: on-failure":                        "on-failure",
		"deploy: {restart_policy: {condition: any}}": "",
	} {
		s := painted(t, "services:\n  web: {image: x, "+compose+"}\n").Services["web-green"]
		if s.Restart != want {
			t.Errorf("%s becomes %q, want %q", compose, s.Restart, want)
		}
		if s.Deploy != nil && s.Deploy.RestartPolicy.Condition != "unless-stopped" {
			t.Errorf("%s becomes %q", compose, s.Deploy.RestartPolicy.Condition)
		}
	}
}

func TestReplicasDoNotShareTheirEnvironment(t *testing.T) {
	app := written(t, "services:\n  web: {image: x, environment: {A: b}}\n")
	app.Services = []release.Service{{Name: "web", Replicas: 2}}
	net, err := release.Network{Subnet: prefix("10.9.8.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	p := paint(t, app, net, release.Blue)
	for name, want := range map[string]string{"web-blue-1": "1", "web-blue-2": "2"} {
		if got := *p.Services[name].Environment["TEAL_REPLICA"]; got != want {
			t.Errorf("%s is replica %s", name, got)
		}
	}
}
