package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// compose writes compose.yaml, with NAME and PORT filled in.
func (a *app) compose(text string) {
	a.t.Helper()
	a.write("compose.yaml", strings.NewReplacer("NAME", a.name, "PORT", fmt.Sprint(a.port)).Replace(text))
}

// adopted is an application with every kind of service that init tells apart.
var adopted = `name: NAME
services:
  web:
    image: ` + image + `
    command: [/web]
    environment: {VERSION: "${VERSION:-1}"}
    ports: ["127.0.0.1:PORT:8080"]
    container_name: NAME-web
    restart: always
    depends_on: [store]
    deploy: {}
  jobs:
    image: ` + image + `
    command: [/web]
  store:
    image: ` + image + `
    command: [/store]
    environment: {LEDGER: /data/ledger, WEB_URL: "http://web:8080"}
    volumes: ["data:/data"]
volumes:
  data: {}
`

// standalone keeps a machine's own nginx, where the tests are run beside one,
// out of the test.
func (a *app) standalone() {
	a.t.Helper()
	b, err := os.ReadFile(filepath.Join(a.dir, "teal.yaml"))
	if err != nil {
		a.t.Fatal(err)
	}
	a.write("teal.yaml", strings.Replace(string(b), "proxy: host ", "proxy: standalone ", 1))
}

func TestScenarioAProposalIsDeployedAsItIs(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.compose(adopted)
	a.must("init", "--write").says("app: "+a.name, "  web:", "  jobs: {}", "#   store", `listen: ["127.0.0.1:`+fmt.Sprint(a.port)+`"]`, "- {path: /, to: web}")
	a.standalone()
	a.must("doctor").says(
		"warn  compose.yaml:7:5: port 127.0.0.1:", "warn  compose.yaml:8:5: container_name: "+a.name+"-web is taken off web",
		"warn  compose.yaml:9:5: restart: always", "jobs has no stop_grace_period", "shared service store calls web by its name", "is free for the standalone nginx")
	a.mustDeploy(1)
	a.must("doctor").says("is held by the standalone nginx", "is yours, and nginx's workers can walk through it")
	a.mustDeploy(2)
	a.serves(2)
	a.must("rollback")
	a.serves(1)
}

func TestScenarioDoctorTellsWhatADeployWouldStopAt(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", a.port))
	if err != nil {
		t.Fatal(err)
	}
	r := a.teal("doctor")
	r.says(fmt.Sprintf("fail  127.0.0.1:%d is held by pid %d", a.port, os.Getpid()))
	r.fails(5, "1 of ", "next:")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a.edit("compose.yaml", "    image:", "    network_mode: host\n    image:")
	r = a.teal("doctor")
	r.says("fail  compose.yaml:3:5: web has network_mode: host, which can't run in two colors  — ")
	r.fails(2, "1 of ")
	if files, err := filepath.Glob(filepath.Join(a.state, "*")); err != nil || len(files) > 0 {
		t.Errorf("doctor made %v", files)
	}
}

func TestScenarioDoctorTellsOfPortsThatContainersAreToGet(t *testing.T) {
	t.Parallel()
	a := bare(t)
	ports := freePorts(t, 3)
	a.write("compose.yaml", composeFile)
	a.edit("compose.yaml", "volumes:\n  data", fmt.Sprintf("  cache:\n    image: %s\n    command: [/faulty]\n    ports: [\"127.0.0.1:%d:8080\"]\nvolumes:\n  data", image, ports[2]))
	a.config(strings.NewReplacer("BLUE", fmt.Sprint(ports[0]), "GREEN", fmt.Sprint(ports[1])).Replace(portsTeal))
	green, cache := hold(t, ports[1]), hold(t, ports[2])
	r := a.teal("doctor")
	r.says(
		fmt.Sprintf("ok    host port 127.0.0.1:%d is free for the service web of blue", ports[0]),
		fmt.Sprintf("host port 127.0.0.1:%d, which the service web of green publishes, is held by pid %d", ports[1], os.Getpid()),
		fmt.Sprintf("host port 127.0.0.1:%d, which the shared service cache publishes, is held by pid %d", ports[2], os.Getpid()))
	r.fails(2, "2 of ", "next:  free the port")
	a.deploy(1).fails(3, fmt.Sprintf("host port %d, which cache publishes, is taken", ports[2])) // as doctor said
	green.Close()
	cache.Close()
	a.mustDeploy(1)
	a.must("doctor").says(
		"of the shared service cache is held by its own container "+a.name+"-cache-1", "of the service web of blue is held by its own container "+a.name+"-blue-web-blue-1",
		"is free for the service web of green")
	a.mustDeploy(2)
	a.must("doctor")
}
