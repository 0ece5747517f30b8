package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	s    *layout.Stand
	told *listener
	job  deployJob
}

func newShopAPI(t *testing.T) shopAPI {
	a, s := found(t, "registry-and-backup")
	a.adopt(s, "{http: /healthz, timeout: 20s}", "--nginx", filepath.Join(s.Root, "etc/nginx/nginx.conf"))
	own, err := os.ReadFile(filepath.Join(a.dir, "teal.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a.write("teal.yaml", string(own)+"deploy: {standby: warm, keep: 3}\nnotify: [{slack: {url_env: SLACK_WEBHOOK}}, {webhook: {url_env: HOOK_URL, secret_env: HOOK_KEY}}]\n")
	told := listen(t)
	a.env = append(a.env, told.env()...)
	if err := os.Symlink(built.teal, filepath.Join(s.Root, "bin/teal")); err != nil { // the copy's bin is on PATH
		t.Fatal(err)
	}
	return shopAPI{a, s, told, a.workflow()}
}

// unknownToTheRegistry runs the step with credentials that the registry does
// not take: it fails, says what to do, and nobody's traffic moves.
func (a shopAPI) unknownToTheRegistry(version string, served int) {
	a.t.Helper()
	a.push(version)
	registry, pulled, refused := a.s.Registry()
	const secret = "s3cret of before"
	login := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, registry, base64.StdEncoding.EncodeToString([]byte("runner:"+secret)))
	dir := filepath.Join(a.s.Root, "docker-before")
	if err := os.Mkdir(dir, 0o700); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(login), 0o600); err != nil {
		a.t.Fatal(err)
	}
	said := a.step(version, 3, "DOCKER_CONFIG="+dir)
	for _, text := range []string{"image " + registry + "/shop/api:" + version + " of service main can't be pulled", "docker login " + registry} {
		if !strings.Contains(said, text) {
			a.t.Errorf("the step does not say %q:\n%s", text, said)
		}
	}
	if strings.Contains(said, secret) {
		a.t.Errorf("the step says the secret:\n%s", said)
	}
	if _, p, r := a.s.Registry(); p != pulled || r == refused {
		a.t.Errorf("the registry gave %d manifests and refused %d requests", p-pulled, r-refused)
	}
	a.answers("/", served)
}

// cancelled ends a release as a cancelled job does.
func (a shopAPI) cancelled(version string, served int) {
	a.t.Helper()
	a.push(version)
	b := a.begin(a.t.Context(), "TAG="+version)
	b.reach("start")
	b.signal(syscall.SIGTERM)
	if code, last := b.end(); code != 130 || !strings.Contains(last, `"outcome":"undone"`) {
		a.t.Errorf("a cancelled release ends with %d: %s\n%s", code, last, b.err)
	}
	a.answers("/", served)
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
	load := witness.Start(t.Context(), visitors(a.s))
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
	a.unknownToTheRegistry("6", 3)
	a.cancelled("7", 3)
	a.must("rollback")
	a.answers("/", 2)
	a.push("5")
	if r := a.run(built.teal, []string{"TAG=5"}, "deploy"); r.code != 0 { // by hand, as the page has it
		t.Errorf("%v", r)
	}
	a.answers("/", 5)
	a.lostNothing(load)
	a.loses("docker kill", func(live string) {
		a.engine("kill", live)
		a.meets(2)
		a.engine("start", live)
	})
	a.loses("a crash", a.crash)
	a.release("8", 0)
	a.engine("kill", a.id("-blue-"))
	a.must("rollback")
	a.answers("/", 5)
	a.keepsWhatARollbackNeeds()
	a.told.heardAll(t, []string{
		"started", "succeeded", "started", "succeeded", "started", "failed", "started", "failed", "started", "cancelled",
		"started", "rolled back", "started", "succeeded", "started", "succeeded", "started", "rolled back", "started", "rolled back",
	}, "release 1 is out, blue is live", "deploy of release 3 failed, green is live", "rolled back to release 1, blue is live",
		"deploy of release 4 failed, green is live", "release 5 was cancelled, green is live", "rolled back to release 6, green is live", "rolled back to release 2, blue is live")
	a.follows(a.s)
}

// loses has the live container end and come back under load. Lost is what was
// inside of it, and would be done twice if another did it.
func (a shopAPI) loses(how string, ends func(container string)) {
	a.t.Helper()
	const clients = 16
	container, before := a.id("-green-"), a.cutOff()
	load := witness.Start(a.t.Context(), a.s.Load(clients, layout.Think))
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
	registry, _, _ := a.s.Registry()
	repository := registry + "/shop/api"
	refs := strings.Fields(a.engine("images", "--filter", "reference="+repository, "--format", "{{.Repository}}:{{.Tag}}"))
	a.engine(append([]string{"rmi"}, refs...)...)
	if got := a.tags(); !sameSet(got, []string{"main:2", "main:6", "main:7"}) {
		a.t.Errorf("kept are %v", got)
	}
	a.teal("rollback", "--to", "1").fails(2, "no longer kept")
	a.must("rollback", "--to", "2")
	a.answers("/", 3)
}
