package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"teal/test/program"
)

// Bad moments: the journal is lost, or is no journal any more, or is not ours
// to write. nginx and the containers' labels still say what is live.

// loseJournal moves the database and its log away.
func (a *app) loseJournal() {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.state, "teal.db*"))
	files = slices.DeleteFunc(files, func(f string) bool { return strings.Contains(f, ".damaged-") })
	if err != nil || len(files) == 0 {
		a.t.Fatalf("no journal to lose: %v", err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			a.t.Fatal(err)
		}
	}
}

// up starts the only container whose name has the part, as people do by hand.
func (a *app) up(part string) {
	a.t.Helper()
	id := a.id(part)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerStart(ctx, id, client.ContainerStartOptions{})
		return err
	})
}

func TestScenarioWithBothColorsRunningAndNoJournalTheRoutedOneIsLive(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	a.up("web-blue") // by hand
	a.loseJournal()
	load := a.gentle()
	green := a.id("web-green")
	if v := a.status(); v.Live != "green" || v.Colors["green"].Release != 2 {
		t.Errorf("status %+v", v)
	}
	a.mustDeploy(3).says("release 3 in blue, replacing 2")
	a.serves(3)
	if a.id("web-green") != green {
		t.Error("the live color was filled anew")
	}

	// Cut off while both run: green gets release 4, blue is live.
	r := a.run(built.crash, []string{"VERSION=4", "TEAL_TEST_DIE_AT=13"}, "deploy")
	if both := a.names("running"); r.code != -1 || len(both) != 3 {
		t.Fatalf("running %v after %v", both, r)
	}
	a.serves(3)
	a.loseJournal()
	blue := a.id("web-blue")
	a.mustDeploy(5).says("release 5 in green, replacing 3", "rebuilt")
	a.serves(5)
	if a.id("web-blue") != blue {
		t.Error("the live color was filled anew")
	}
	a.unhurt(load)
}

func TestScenarioALostJournalIsRebuiltAloudAndNumbersGoOn(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	a.loseJournal()
	if v := a.status(); v.Live != "green" || v.Colors["green"].Release != 2 || !v.Colors["green"].Healthy || v.Colors["blue"].Release != 1 {
		t.Errorf("status %+v", v)
	}
	a.must("rollback").says("the journal knows nothing of "+a.name, "rebuilt", "release 1")
	a.serves(1)
	a.loseJournal()
	a.mustDeploy(3).says("the journal knows nothing of "+a.name, "rebuilt", "release 1 (live) in blue", "release 3 in green")
	a.serves(3)
	if h := a.must("history").stdout; strings.Count(h, " live ") != 1 || !strings.Contains(h, "rebuilt") {
		t.Errorf("history\n%s", h)
	}
	a.must("rollback").says("release 1")
	a.serves(1)
	a.unhurt(load)
}

// ruin puts something in the journal's place that is none any more, and
// returns what is to be kept of it.
func (a *app) ruin(how func(whole []byte) []byte) []byte {
	a.t.Helper()
	file := filepath.Join(a.state, "teal.db")
	whole, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	a.loseJournal()
	text := how(whole)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return text
}

// asides are the journals that were set aside, the oldest first.
func (a *app) asides() []string {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.state, "teal.db.damaged-*"))
	if err != nil {
		a.t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "-wal") || strings.HasSuffix(f, "-shm") })
}

func TestScenarioACorruptJournalIsSetAsideAndRebuiltAloud(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	file := filepath.Join(a.state, "teal.db")
	for i, c := range []struct {
		what    string
		how     func(whole []byte) []byte
		command string
		code    int
		says    string
		version int
	}{
		{"garbage", func([]byte) []byte { return slices.Repeat([]byte("garbage "), 1024) }, "rollback", 0, "release 1", 1},
		{"a damaged one", func(whole []byte) []byte {
			return slices.Concat(whole[:100], slices.Repeat([]byte{0xff}, len(whole)-100))
		}, "deploy", 0, "release 3 in green", 3},
		{"half of one", func(whole []byte) []byte { return whole[:len(whole)/2] }, "abort", 2, "", 3},
	} {
		t.Logf("%s, with %s for a journal", c.command, c.what)
		text := a.ruin(c.how)
		for _, command := range []string{"status", "history", "plan", "logs"} {
			a.teal(command).fails(1, file, "is damaged", "state: nothing was changed", "sets the damaged journal aside and rebuilds it")
		}
		if now, err := os.ReadFile(file); err != nil || string(now) != string(text) || len(a.asides()) != i {
			t.Errorf("looking on moved or changed it: %v, %v", err, a.asides())
		}
		r := a.run(built.teal, []string{"VERSION=3"}, c.command)
		r.says("the journal was damaged", "is kept as "+file+".damaged-", c.says)
		if r.code != c.code {
			t.Errorf("want exit %d\n%v", c.code, r)
		}
		a.serves(c.version)
		kept := a.asides()
		if len(kept) != i+1 {
			t.Fatalf("set aside were %v", kept)
		}
		r.says("is kept as " + kept[i])
		if was, err := os.ReadFile(kept[i]); err != nil || string(was) != string(text) {
			t.Errorf("%s is not what was damaged: %v", kept[i], err)
		}
		a.must("history")
	}
	a.mustDeploy(4).says("rebuilt", "replacing 3")
	a.serves(4)
	a.unhurt(load)
}

// nobody is the user that owns nothing.
const nobody = 65534

func TestScenarioAStateRootThatBelongsToSomeoneElseIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Fatal("this scenario gives a folder to another user, which takes root: sudo make test")
	}
	a := newApp(t)
	a.mustDeploy(1)
	load := a.gentle()
	// Someone else's: who owns the folder may put another nginx configuration
	// where root reads it.
	if err := os.Chown(a.state, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	a.deploy(2).fails(2, "the state root "+a.state+" belongs to", "(uid 65534)", "nothing was changed", "next:  run teal as the user who owns")
	if err := os.Chown(a.state, 0, 0); err != nil {
		t.Fatal(err)
	}
	// Open to all.
	if err := os.Chmod(a.state, 0o777); err != nil {
		t.Fatal(err)
	}
	a.deploy(2).fails(2, a.state, "others may write", "nothing was changed", "next:  chmod go-w "+a.state)
	if err := os.Chmod(a.state, 0o755); err != nil {
		t.Fatal(err)
	}
	// Root's, and we are not root.
	for _, command := range []string{"deploy", "status"} {
		a.as(nobody, command).fails(2, a.state, "next:  run teal as the user who owns")
	}
	a.serves(1)
	a.mustDeploy(2)
	a.serves(2)
	a.unhurt(load)
}

// as is teal run by another user.
func (a *app) as(uid uint32, args ...string) result {
	a.t.Helper()
	// The folder of the built teal is ours alone.
	open := filepath.Join(filepath.Dir(a.dir), "teal")
	copyFile(a.t, built.teal, open)
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	cmd := a.command(ctx, open, args...)
	cmd.Env = append(cmd.Env, "HOME=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		a.t.Fatalf("teal %v: %v", args, err)
	}
	return result{a.t, args, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = program.Write(to, content)
	}
	if err != nil {
		t.Fatal(err)
	}
}
