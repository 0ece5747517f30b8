package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const handoffCompose = `services:
  web:
    image: WEB
    command: [/web]
    environment: {VERSION: "${VERSION:-1}", BROKEN: "${BROKEN:-}"}
  beat:
    image: ODD
    command: [/beat]
    environment: {VERSION: "${VERSION:-1}", BROKEN: "${BEATLESS:-}", LEDGER: /data}
    volumes: ["./ledger:/data"]
`

const handoffTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 2s}}
  beat: {handoff: stop-first, health: {up: true, timeout: 5s}}
site: {listen: ["127.0.0.1:PORT"]}
routes:
  - {path: /, to: web}
proxy: standalone
deploy:
  drain: {timeout: 2s, streams: 2s}
`

// newHandoff makes an application with a scheduler that must never run twice.
func newHandoff(t *testing.T) *app {
	t.Helper()
	a := bare(t)
	a.write("compose.yaml", strings.NewReplacer("WEB", image, "ODD", packOdd(t)).Replace(handoffCompose))
	a.config(handoffTeal)
	if err := os.Mkdir(filepath.Join(a.dir, "ledger"), 0o777); err != nil {
		t.Fatal(err)
	}
	return a
}

// beats checks what the scheduler's ledger tells: never two at once, and these
// that ran, a version and a color each, the last of which still does.
func (a *app) beats(want ...string) {
	a.t.Helper()
	text := a.ledger()
	var ran []string
	runs := false
	for line := range strings.Lines(text) {
		begins, one := strings.CutSuffix(line, " begins\n")
		ends, other := strings.CutSuffix(line, " ends\n")
		switch {
		case one && !runs:
			ran, runs = append(ran, begins), true
		case other && runs && ends == ran[len(ran)-1]:
			runs = false
		default:
			a.t.Fatalf("two at once, at %q:\n%s", line, text)
		}
	}
	if !runs || fmt.Sprint(ran) != fmt.Sprint(want) {
		a.t.Errorf("the scheduler ran in %v, want %v, and runs now: %v", ran, want, runs)
	}
}

func TestScenarioASchedulerNeverRunsTwiceAndComesBackWhenAReleaseFails(t *testing.T) {
	t.Parallel()
	a := newHandoff(t)
	a.mustDeploy(1)
	a.beats("1 blue")
	load := a.gentle()
	a.mustDeploy(2)
	a.beats("1 blue", "2 green")

	a.env = []string{"BROKEN=1"} // the rest of the release: the scheduler isn't touched
	a.deploy(3).fails(3, "web-blue", "release 2 is live in green, as before")
	a.beats("1 blue", "2 green")

	a.env = []string{"BEATLESS=4"} // the scheduler itself
	a.deploy(4).fails(3, "beat-blue", "version 4 can't run", "release 2 is live in green, as before")
	a.env = nil
	a.beats("1 blue", "2 green", "2 green")

	a.must("rollback")
	a.beats("1 blue", "2 green", "2 green", "1 blue")
	a.unhurt(load)
	a.serves(1)
}

func TestScenarioAnInterruptedHandoffLeavesOneScheduler(t *testing.T) {
	t.Parallel()
	a := newHandoff(t)
	a.mustDeploy(1)
	load := a.gentle()
	handed := func(version int) *begun {
		t.Helper()
		b := a.begin(t.Context(), fmt.Sprintf("VERSION=%d", version))
		b.until("done", "stop") // the old one has ended, the new one isn't there
		return b
	}
	b := handed(2)
	b.interrupt()
	if code, last := b.end(); code != 130 || !strings.Contains(last, "release 1 is live in blue, as before") {
		t.Errorf("interrupted: exit %d, %s", code, last)
	}
	a.beats("1 blue", "1 blue")

	b = handed(3)
	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.end()
	a.must("abort")
	a.serves(1)
	a.endsWith("1 blue")

	b = handed(4)
	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.end()
	a.mustDeploy(5)
	a.serves(5)
	a.endsWith("5 green")
	a.unhurt(load)
}

// endsWith is beats, where a kill may have come before or after the new one
// began.
func (a *app) endsWith(who string) {
	a.t.Helper()
	text := a.ledger()
	if strings.Contains(text, "not alone") || !strings.HasSuffix(text, "\n"+who+" begins\n") {
		a.t.Errorf("want one scheduler, %s, but the ledger tells\n%s", who, text)
	}
}

// ledger is what the scheduler has written, once the last one has: Docker
// calls a container running before its program has come to its first line.
func (a *app) ledger() (text string) {
	a.t.Helper()
	a.until("the scheduler's ledger ends with one that began", 10*time.Second, func() bool {
		read, err := os.ReadFile(filepath.Join(a.dir, "ledger", "beats"))
		text = string(read)
		return err == nil && strings.HasSuffix(text, " begins\n")
	})
	return text
}
