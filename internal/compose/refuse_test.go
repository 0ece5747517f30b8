package compose

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/release"
)

// written is an app whose compose file has the text, with colored services
// of one replica.
func written(t *testing.T, compose string, colored ...string) release.App {
	t.Helper()
	dir := t.TempDir()
	app := release.App{Name: "shop", Dir: dir, Compose: []string{filepath.Join(dir, "compose.yaml")}}
	write(t, app.Compose[0], compose)
	for _, name := range colored {
		app.Services = append(app.Services, release.Service{Name: name, Replicas: 1})
	}
	return app
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// known asserts the error is one for a person, with the code.
func known(t *testing.T, err error, code release.Code) *release.Error {
	t.Helper()
	var e *release.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want a release.Error with code %s", err, code)
	}
	return e
}

func TestWhatCannotBeColoredIsRefusedWithItsPlaceAndAFix(t *testing.T) {
	const rest = "  db: {image: x}\n"
	tests := []struct{ name, compose, what, next string }{
		{
			"a shared network namespace",
			"services:\n  web:\n    image: x\n    network_mode: service:db\n" + rest,
			"compose.yaml:4:5: service web has network_mode: service:db, which can't run in two colors", "take network_mode off the service",
		},
		{
			"the host's network",
			"services:\n  web:\n    image: x\n    network_mode: host\n" + rest,
			"compose.yaml:4:5: service web has network_mode: host, which can't run in two colors", "take network_mode off the service",
		},
		{
			"links",
			"services:\n  web:\n    image: x\n    links: [db]\n" + rest,
			"compose.yaml:4:5: service web has links: db, which can't run in two colors", "take links off: web reaches db by its name without it",
		},
		{
			"another container's volumes",
			"services:\n  web:\n    image: x\n    volumes_from: ['db:ro']\n" + rest,
			"compose.yaml:4:5: service web has volumes_from: db:ro, which can't run in two colors", "name the volume under volumes in both services",
		},
		{
			"a shared process namespace",
			"services:\n  web: {image: x, pid: 'service:db'}\n" + rest,
			"compose.yaml:2:19: service web has pid: service:db, which can't run in two colors", "take pid off the service",
		},
		{
			"a shared IPC namespace",
			"services:\n  web: {image: x, ipc: 'service:db'}\n" + rest,
			"compose.yaml:2:19: service web has ipc: service:db, which can't run in two colors", "take ipc off the service",
		},
		{
			"a database's data",
			"services:\n  web:\n    image: docker.io/library/postgres:17\n    volumes: ['data:/var/lib/postgresql/data']\n" + rest + "volumes: {data: {}}\n",
			"compose.yaml:4:5: service web is a database with data in /var/lib/postgresql/data, which two colors would open at once", "leave web out of services in teal.yaml: it is then shared by both colors",
		},
		{
			"a name of ours",
			"services:\n  web: {image: x}\n  web-green: {image: x}\n",
			"compose.yaml:3:3: service web-green has the name that teal gives to web in color green", "rename the service",
		},
		{
			"a shared service in a colored one's network",
			"services:\n  web: {image: x}\n  side:\n    image: x\n    network_mode: service:web\n",
			"compose.yaml:5:5: shared service side has network_mode: service:web, but web runs in two colors", "list side under services in teal.yaml too, or take network_mode off",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			app := written(t, test.compose, "web")
			_, err := loadChecked(t.Context(), app)
			e := known(t, err, release.Invalid)
			if e.What != test.what || e.Next != test.next {
				t.Errorf("got  %q, next %q\nwant %q, next %q", e.What, e.Next, test.what, test.next)
			}
		})
	}
}

func TestAServiceThatIsNotInTheComposeFileNamesTheNearest(t *testing.T) {
	app := written(t, "services:\n  backend: {image: x}\n  web: {image: x}\n", "bakend")
	_, err := loadChecked(t.Context(), app)
	e := known(t, err, release.Invalid)
	if e.What != "the compose file has no service bakend" || e.Next != "did you mean backend?" {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
}

func TestAServiceThatAProfileTurnsOffIsNotAMissingOne(t *testing.T) {
	app := written(t, "services:\n  web: {image: x, profiles: [extra]}\n  db: {image: x}\n", "web")
	_, err := loadChecked(t.Context(), app)
	if e := known(t, err, release.Invalid); !strings.Contains(e.What, "profiles are not active") {
		t.Errorf("got %q", e.What)
	}
}

func TestAFileThatComposeRefusesIsRefusedInItsWords(t *testing.T) {
	app := written(t, "services:\n  web: {image: x, porst: [80]}\n", "web")
	_, err := loadChecked(t.Context(), app)
	e := known(t, err, release.Invalid)
	if e.What != "compose refuses compose.yaml" || !strings.Contains(strings.Join(e.Detail, "\n"), "porst") {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}

func TestTheSecondFileIsNamedWhereItsValueWon(t *testing.T) {
	app := written(t, "services:\n  web: {image: x}\n", "web")
	second := filepath.Join(app.Dir, "compose.prod.yaml")
	write(t, second, "services:\n  web:\n    network_mode: host\n")
	app.Compose = append(app.Compose, second)
	_, err := loadChecked(t.Context(), app)
	if e := known(t, err, release.Invalid); !strings.HasPrefix(e.What, "compose.prod.yaml:3:5: ") {
		t.Errorf("got %q", e.What)
	}
}

func TestAnImageThatDependsOnTheColorIsRefused(t *testing.T) {
	app := written(t, "services:\n  web: {image: 'x:${TEAL_COLOR}'}\n", "web")
	net, err := release.Network{Subnet: prefix("10.9.8.0/24")}.Assign(app.Services)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&Engine{}).Prepare(t.Context(), app, 1, net)
	if e := known(t, err, release.Invalid); e.What != "compose.yaml:2:9: service web has image x:blue in one place and x:green in another" {
		t.Errorf("got %q", e.What)
	}
}

func TestTheEnvFileBesideTheComposeFileIsRead(t *testing.T) {
	app := written(t, "services:\n  web: {image: 'x:${VERSION}'}\n", "web")
	write(t, filepath.Join(app.Dir, ".env"), "VERSION=9\n")
	loaded, err := loadChecked(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.shared.Services["web"].Image; got != "x:9" {
		t.Errorf("image %s, want x:9", got)
	}
}
