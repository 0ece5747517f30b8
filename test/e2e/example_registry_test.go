package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/witness"
	"teal/test/before/layout"
)

// shopAPI is the example with a registry: adopted, told to Slack, and released
// by what a runner of GitHub's runs.
type shopAPI struct {
	*app
	s     *layout.Stand
	heard func() string
	job   deployJob
}

func newShopAPI(t *testing.T) shopAPI {
	a, s := found(t, "registry-and-backup")
	a.adopt(s, "{http: /healthz, timeout: 5s}", "--nginx", filepath.Join(s.Root, "etc/nginx/nginx.conf"))
	own, err := os.ReadFile(filepath.Join(a.dir, "teal.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a.write("teal.yaml", string(own)+"deploy: {standby: warm, keep: 3}\nnotify: [{slack: {url_env: SLACK_WEBHOOK}}]\n")
	url, heard := slack(t)
	a.env = append(a.env, "SLACK_WEBHOOK="+url)
	if err := os.Symlink(built.teal, filepath.Join(s.Root, "bin/teal")); err != nil { // the copy's bin is on PATH
		t.Fatal(err)
	}
	return shopAPI{a, s, heard, a.workflow()}
}

// engine runs the Docker command line with the copy's credentials.
func (a shopAPI) engine(args ...string) string {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), "docker", args...)
	cmd.Env = a.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Errorf("docker %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestScenarioMainAndBackupAreAdoptedAndReleasedByGitHub(t *testing.T) {
	t.Parallel()
	a := newShopAPI(t)
	load := witness.Start(t.Context(), a.s.Load(32)) // as test/before has
	a.release("2", 0)
	a.answers("/", 2)
	for _, command := range [][]string{{"stop", "main", "backup"}, {"rm", "-f", "main", "backup"}} {
		if said, err := a.s.Run(t.Context(), nil, append([]string{"docker-compose"}, command...)...); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	a.release("3", 0)
	a.answers("/", 3)
	a.release("4", 3, "BROKEN=1")
	a.answers("/", 3)
	a.must("rollback")
	a.answers("/", 2)
	if err := a.s.Push(t.Context(), "5"); err != nil {
		t.Fatal(err)
	}
	if r := a.run(built.teal, []string{"TAG=5"}, "deploy"); r.code != 0 { // by hand, as the page has it
		t.Errorf("%v", r)
	}
	a.answers("/", 5)
	if seen := load.Stop(); seen.Lost() != 0 || seen.ByKind["post"] == 0 {
		t.Errorf("the witness lost %d of %d: %s (%+v)", seen.Lost(), seen.Sent, seen.First, seen)
	} else {
		t.Logf("witness: %d sent, 0 lost", seen.Sent)
	}
	a.loses("docker kill", func(live string) {
		a.engine("kill", live)
		a.meets(2)
		a.engine("start", live)
	})
	a.loses("a crash", a.crash)
	a.release("6", 0)
	a.engine("kill", a.id("-blue-"))
	a.must("rollback")
	a.answers("/", 5)
	a.keepsWhatARollbackNeeds()
	a.toldSlack()
	a.follows(a.s)
}

// loses has the live container end and come back under load. Lost is what was
// inside of it, and would be done twice if another did it.
func (a shopAPI) loses(how string, ends func(container string)) {
	a.t.Helper()
	const clients = 16
	container, before := a.id("-green-"), a.cutOff()
	load := witness.Start(a.t.Context(), a.s.Load(clients))
	a.meets(5)
	ends(container)
	a.meets(5)
	seen := load.Stop()
	inside := a.cutOff() - before
	if seen.Lost() > inside || seen.Lost() != seen.Failed || inside > clients/2 || seen.Answered < clients {
		a.t.Errorf("%s: lost %d of %d, %d POSTs were in flight: %s (%+v)", how, seen.Lost(), seen.Sent, inside, seen.First, seen)
	}
	a.t.Logf("%s: %d sent, %d POSTs in flight in the container, %d lost", how, seen.Sent, inside, seen.Lost())
}

// cutOff is how many POSTs nginx had sent to a container that never answered.
func (a shopAPI) cutOff() int {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.s.Root, "var/log/nginx/error.log"))
	if err != nil {
		a.t.Fatal(err)
	}
	return len(inFlight.FindAll(text, -1))
}

var inFlight = regexp.MustCompile(`(?m)while (reading response header from|sending request to) upstream,.* request: "POST `)

// meets waits until clients get the version.
func (a shopAPI) meets(version int) {
	a.t.Helper()
	a.until(fmt.Sprintf("version %d answers", version), 20*time.Second, func() bool {
		_, body := a.exchange(http.MethodGet, a.port, "/", "", nil)
		return strings.Contains(body, fmt.Sprintf("version %d", version))
	})
}

// crash ends the container's program, as running out of memory would, and
// waits for its restart policy.
func (a shopAPI) crash(container string) {
	a.t.Helper()
	look := func() (seen client.ContainerInspectResult) {
		a.docker(func(ctx context.Context, cli *client.Client) (err error) {
			seen, err = cli.ContainerInspect(ctx, container, client.ContainerInspectOptions{})
			return err
		})
		return seen
	}
	if err := syscall.Kill(look().Container.State.Pid, syscall.SIGKILL); err != nil {
		a.t.Fatal(err)
	}
	a.until("the container is started again", 20*time.Second, func() bool {
		c := look().Container
		return c.RestartCount > 0 && c.State.Running
	})
}

// keepsWhatARollbackNeeds takes all images of the registry away by their
// names, more than the layout's own script does.
func (a shopAPI) keepsWhatARollbackNeeds() {
	a.t.Helper()
	at := slices.IndexFunc(a.env, func(v string) bool { return strings.HasPrefix(v, "REGISTRY=") })
	repository := strings.TrimPrefix(a.env[at], "REGISTRY=") + "/shop/api"
	refs := strings.Fields(a.engine("images", "--filter", "reference="+repository, "--format", "{{.Repository}}:{{.Tag}}"))
	a.engine(append([]string{"rmi"}, refs...)...)
	if got := a.tags(); !sameSet(got, []string{"main:2", "main:4", "main:5"}) {
		a.t.Errorf("kept are %v", got)
	}
	a.teal("rollback", "--to", "1").fails(2, "no longer kept")
	a.must("rollback", "--to", "2")
	a.answers("/", 3)
}

// toldSlack checks that each message is one that Slack takes, and what they
// say; internal/notify knows Slack's format in full.
func (a shopAPI) toldSlack() {
	a.t.Helper()
	for d := json.NewDecoder(strings.NewReader(a.heard())); d.More(); {
		var m struct {
			Text   string
			Blocks []struct{ Type string }
		}
		if err := d.Decode(&m); err != nil {
			a.t.Fatal(err)
		}
		if m.Text == "" || len(m.Blocks) < 2 || m.Blocks[0].Type != "header" {
			a.t.Errorf("no message for Slack: %+v", m)
		}
	}
	for _, text := range []string{"release 1 is out, blue is live", "deploy of release 3 failed, green is live", "rolled back to release 1, blue is live", "rolled back to release 4, green is live", "rolled back to release 2, blue is live"} {
		if !strings.Contains(a.heard(), text) {
			a.t.Errorf("Slack never heard %q: %s", text, a.heard())
		}
	}
}
