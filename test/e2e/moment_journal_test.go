package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// Bad moments: the journal is lost, or is no journal any more, or is not ours
// to write. nginx and the containers' labels still say what is live.

// loseJournal moves the database and its log away.
func (a *app) loseJournal() {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.state, "teal.db*"))
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

func TestScenarioACorruptJournalIsNamedAndMovingItAwayHeals(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	file := filepath.Join(a.state, "teal.db")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string][]byte{
		"garbage":       slices.Repeat([]byte("garbage "), 1024),
		"a damaged one": slices.Concat(whole[:100], slices.Repeat([]byte{0xff}, len(whole)-100)),
		"half of one":   whole[:len(whole)/2],
	} {
		a.loseJournal()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"deploy", "rollback", "status", "history"} {
			t.Logf("%s, with %s for a journal", command, what)
			a.teal(command).fails(1, file, "next:", "away")
		}
		a.serves(2)
	}
	a.loseJournal()
	a.mustDeploy(3).says("rebuilt", "replacing 2")
	a.serves(3)
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
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(fmt.Errorf("write %s: %w", to, err))
	}
}
