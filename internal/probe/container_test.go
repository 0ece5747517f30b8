package probe

import (
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

// short is a gate's limit in tests that wait for it to pass,
// long enough for several questions on a busy machine.
const short = 2 * time.Second

func TestAContainerThatExitsFailsWithItsCodeAndLastLines(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"exit", "3"}})
	err := gate1(t, inContainer(c, 2, 3000, release.Health{Kind: release.HealthTCP}))
	wantIn(t, err.What, "web-green-2 exited with code 3")
	wantIn(t, details(err), `config \x1b[31mmissing\x1b[0m: DATABASE_URL`, "giving up")
	if err.Code != release.Gate {
		t.Errorf("code %q", err.Code)
	}
}

func TestAContainerKilledForMemoryIsToldFromOneKilledBySomeone(t *testing.T) {
	t.Parallel()
	hungry := start(t, options{args: []string{"eat"}, memory: 16 << 20})
	err := gate1(t, inContainer(hungry, 1, 0, release.Health{Kind: release.HealthUp}))
	wantIn(t, err.What, "web-green-1 was killed for memory (exit code 137)")
	wantIn(t, err.Next, "raise the memory limit of web")

	victim := start(t, options{args: []string{"idle"}})
	if _, err := docker.ContainerKill(t.Context(), victim.ID, client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatal(err)
	}
	err = gate1(t, inContainer(victim, 1, 0, release.Health{Kind: release.HealthUp}))
	wantIn(t, err.What, "web-green-1 was killed by SIGKILL (exit code 137)")
	wantIn(t, details(err), "the out-of-memory flag is not set: something sent SIGKILL")
}

func TestARestartLoopFailsWithoutWaitingForTheLimit(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"exit", "1"}, restart: "always"})
	err := gate1(t, inContainer(c, 1, 3000, release.Health{}))
	wantIn(t, err.What, "web-green-1 keeps restarting")
	wantIn(t, details(err), "giving up")
}

func TestAContainerThatIsGoneIsSaidToBe(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"idle"}})
	remove(t, c.ID)
	err := gate1(t, inContainer(c, 1, 3000, release.Health{}))
	wantIn(t, err.What, "web-green-1 is gone: no such container")
}

func TestATargetWithoutAContainerFailsAtOnce(t *testing.T) {
	t.Parallel()
	anyone := start(t, options{args: []string{"serve", ":3000"}})
	target := inContainer(anyone, 2, 3000, release.Health{Kind: release.HealthTCP, Answers: 1 << 20})
	target.Container = release.Container{}
	err := gate1(t, target)
	wantIn(t, err.What, "web-green-2 has no container")
	wantIn(t, details(err), "something removed it after it was started")
	wantIn(t, err.Next, "find out what removes containers")
}

// A replica that answered and then died must fail the color while another is
// still waited for: what was true once isn't enough to go live.
func TestAReplicaThatDiesAfterItWasReadyFailsTheRound(t *testing.T) {
	t.Parallel()
	dies := start(t, options{args: []string{"late", "700ms"}})
	waits := start(t, options{args: []string{"idle"}})
	err := gate1(t,
		inContainer(dies, 1, 3000, release.Health{Kind: release.HealthHTTP, Path: "/"}),
		inContainer(waits, 2, 3000, release.Health{Kind: release.HealthTCP}))
	wantIn(t, err.What, "web-green-1 exited with code 4 after 0.")
	wantIn(t, details(err), "web-green-2 is not ready either: connection refused on ")
}

func TestAnotherPortIsNamed(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"serve", ":8080"}})
	err := gate1(t, inContainer(c, 1, 3000, release.Health{Kind: release.HealthTCP, Timeout: short}))
	wantIn(t, err.What, "web-green-1 never got healthy in "+limit(short)+": ", ":3000")
	wantIn(t, details(err), "it listens on port 8080, not on port 3000", "serving on :8080")
	wantIn(t, err.Next, "set port: 8080 for web")
}

func TestAPortOfThisMachineThatLeadsNowhereIsToldFromThatOfTheContainer(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"serve", ":8080"}})
	target := inContainer(c, 1, 3000, release.Health{Kind: release.HealthTCP, Timeout: short})
	target.Inside = 8080
	err := gate1(t, target)
	wantIn(t, details(err), "it listens on port 8080, and nothing on this machine leads from 3000 there")
	wantIn(t, err.Next, `ports: ["127.0.0.1:3000:8080"]`)
}

func TestAServerOnLoopbackOnlyIsNamed(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"serve", "127.0.0.1:3000"}})
	err := gate1(t, inContainer(c, 1, 3000, release.Health{Kind: release.HealthHTTP, Path: "/", Timeout: short}))
	wantIn(t, details(err), "it listens on 127.0.0.1:3000 only")
	wantIn(t, err.Next, "bind 0.0.0.0:3000")
}

func TestDockersOwnResolverIsNotTheApplications(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"idle"}})
	err := gate1(t, inContainer(c, 1, 3000, release.Health{Kind: release.HealthTCP, Timeout: short}))
	wantIn(t, details(err), "it listens on no TCP port")
}

// Docker's own interval is 30 s here, so only our own runs of the check can
// pass the gate within its limit.
func TestAHealthcheckIsRunAtOurPace(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"serve", ":3000"}, check: []string{"CMD", "/app", "check", "127.0.0.1:3000"}})
	said := pass(t, inContainer(c, 1, 3000, release.Health{Answers: 3, Timeout: 20 * time.Second}))
	wantIn(t, said, "web-green-1 ready (3 answers, ")
	now, err := docker.Inspect(t.Context(), c.ID)
	if err != nil || now.Health != "starting" {
		t.Errorf("Docker already says %q (%v), so the test shows nothing", now.Health, err)
	}
}

func TestAFailingHealthcheckShowsItsCodeAndOutput(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"idle"}, check: []string{"CMD", "/app", "check", "127.0.0.1:3000"}})
	err := gate1(t, inContainer(c, 1, 3000, release.Health{Timeout: 4 * time.Second}))
	wantIn(t, err.What, "HEALTHCHECK exited with code 3")
	wantIn(t, details(err), "it printed: check says: dial tcp 127.0.0.1:3000: connect: connection refused")
}

func TestAShellCheckInAnImageWithoutShellIsExplained(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"idle"}, check: []string{"CMD-SHELL", "curl -f http://u:hunter2@localhost/"}})
	err := gate1(t, inContainer(c, 1, 3000, release.Health{Timeout: 4 * time.Second}))
	wantIn(t, details(err), "/bin/sh")
	wantIn(t, err.Next, "the image may not have that program")
	if strings.Contains(err.What+details(err)+err.Next, "hunter2") {
		t.Errorf("the check's arguments are shown: %+v", err)
	}
}

func TestAnExecCheckPassesAndFailsByItsExitCode(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"serve", ":3000"}})
	health := release.Health{Kind: release.HealthExec, Answers: 2, Timeout: 20 * time.Second,
		Command: []string{"/app", "check", "127.0.0.1:3000"}}
	wantIn(t, pass(t, inContainer(c, 1, 3000, health)), "web-green-1 ready (2 answers")

	health.Command, health.Timeout = []string{"/app", "check", "127.0.0.1:9"}, 4*time.Second
	err := gate1(t, inContainer(c, 1, 3000, health))
	wantIn(t, err.What, "app exited with code 3")
}

func TestAnImageWithoutHealthcheckCantBeAskedForOne(t *testing.T) {
	t.Parallel()
	for _, check := range [][]string{nil, {"NONE"}} {
		c := start(t, options{args: []string{"idle"}, check: check})
		err := gate1(t, inContainer(c, 1, 0, release.Health{Kind: release.HealthDocker}))
		wantIn(t, err.What, "web-green-1 can't be asked for its health: the image has no HEALTHCHECK")
	}
}

func TestAServiceWithoutPortIsReadyOnceItStaysUp(t *testing.T) {
	t.Parallel()
	c := start(t, options{args: []string{"idle"}, check: []string{"NONE"}})
	pass(t, inContainer(c, 1, 0, release.Health{Answers: 3}))
	now, err := docker.Inspect(t.Context(), c.ID)
	if err != nil || time.Since(now.Started) < stays {
		t.Errorf("ready %s after its start (%v)", time.Since(now.Started), err)
	}
}

func TestARestartFromLongAgoIsNoRestartLoop(t *testing.T) {
	t.Parallel()
	before := release.Container{Restarts: 1}
	if c := causeOf(release.Container{Status: "running", Restarts: 1}, nil, before); c != alive {
		t.Errorf("cause %q", c)
	}
	if c := causeOf(release.Container{Status: "running", Restarts: 2}, nil, before); c != restarts {
		t.Errorf("cause %q", c)
	}
}
