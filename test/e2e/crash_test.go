package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/witness"
)

// gentle is a load that the crash tests can afford: it sees every loss, and
// leaves the two cores to Docker.
func (a *app) gentle() *witness.Running {
	return witness.Start(a.t.Context(), witness.Load{Target: fmt.Sprintf("127.0.0.1:%d", a.port), Host: a.host, Groups: []witness.Group{
		{Kind: witness.Get, Count: 2, Think: ms(10)},
		{Kind: witness.Post, Paths: []string{"/echo"}, Count: 2, Think: ms(10)},
	}})
}

// maxEntries is more than any deploy writes; a walk that gets there is broken.
const maxEntries = 80

func TestScenarioADeployKilledAfterAnyJournalEntryIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	killWalk(t, 1)
}

func TestScenarioADeployKilledBeforeAnyJournalEntryIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	killWalk(t, -1)
}

// killWalk kills a deploy at its first journal entry, then one at its second,
// and so on until one gets through, and has a plain deploy follow each.
func killWalk(t *testing.T, side int) {
	a := newApp(t)
	a.mustDeploy(1)
	load := a.gentle()
	version := 2
	for at := 1; at < maxEntries; at++ {
		r := a.run(built.crash, []string{fmt.Sprintf("VERSION=%d", version), fmt.Sprintf("TEAL_TEST_DIE_AT=%d", at*side)}, "deploy")
		if r.code == 0 {
			t.Logf("%d entries, each a kill", at-1)
			a.unhurt(load)
			return
		}
		if r.code != -1 {
			t.Fatalf("entry %d: it was not killed: %v", at, r)
		}
		if code, body := a.get("/"); code != 200 {
			t.Fatalf("entry %d: after the kill the site answers %d %s", at, code, body)
		}
		a.mustDeploy(version + 1)
		a.serves(version + 1)
		a.converged(fmt.Sprintf("entry %d", at))
		version += 2
	}
	t.Fatalf("no deploy got through in %d entries", maxEntries)
}

// A first deploy has effects that no later one has: the network, nginx's
// config, the first table.
func TestScenarioAFirstDeployKilledAtAnyJournalEntryIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for at := 1; at < maxEntries; at++ {
		side := 1 - 2*(at%2) // the odd entries are died before, the even ones after
		r := a.run(built.crash, []string{"VERSION=1", fmt.Sprintf("TEAL_TEST_DIE_AT=%d", at*side)}, "deploy")
		if r.code == 0 {
			t.Logf("%d entries, each a kill", at-1)
			return
		}
		if r.code != -1 {
			t.Fatalf("entry %d: it was not killed: %v", at, r)
		}
		a.mustDeploy(2)
		a.serves(2)
		a.converged(fmt.Sprintf("entry %d", at))
		a.must("down", "--volumes", "--yes")
		a.must("proxy", "down")
		if left := a.leftovers(); len(left) > 0 {
			t.Fatalf("entry %d: down left %v", at, left)
		}
	}
	t.Fatalf("no deploy got through in %d entries", maxEntries)
}

// converged checks that one color runs, at most one lies stopped, and nothing
// else of the application is on the machine.
func (a *app) converged(when string) {
	a.t.Helper()
	v := a.status()
	if v.Deploy != nil || !v.Colors[v.Live].Healthy || v.Shares[v.Live] != 100 {
		a.t.Fatalf("%s: %+v", when, v)
	}
	want := []string{a.name + "-" + v.Live + "-web-" + v.Live + "-1", a.name + "-store-1"}
	if running := a.names("running"); !sameSet(running, want) {
		a.t.Fatalf("%s: these run: %v, want %v", when, running, want)
	}
	if stopped := a.names("exited"); len(stopped) > 1 || len(a.containers()) != len(want)+len(stopped) {
		a.t.Fatalf("%s: besides %v there are %d containers: %v", when, want, len(a.containers()), stopped)
	}
	if h := a.must("history", "--limit", "0").stdout; strings.Contains(h, "starting") || strings.Count(h, " live ") != 1 {
		a.t.Fatalf("%s: history\n%s", when, h)
	}
	a.noDebris(when)
	a.networked(when)
}

// networked checks that the application has its network and one for each color
// at most, and no other: the engine takes a second of the same name, too.
func (a *app) networked(when string) {
	a.t.Helper()
	a.docker(func(ctx context.Context, cli *client.Client) error {
		have, err := a.networks(ctx, cli)
		rest := slices.Clone(have)
		for _, name := range []string{"teal-" + a.name, a.name + "-blue_default", a.name + "-green_default"} {
			if i := slices.Index(rest, name); i >= 0 {
				rest = slices.Delete(rest, i, i+1)
			}
		}
		if len(rest) > 0 || !slices.Contains(have, "teal-"+a.name) {
			a.t.Errorf("%s: the networks are %v", when, have)
		}
		return err
	})
}

// noDebris looks for files that a killed writer may leave: half-built tables,
// temporary links, flags that stay up.
func (a *app) noDebris(when string) {
	a.t.Helper()
	err := filepath.WalkDir(a.state, func(path string, d os.DirEntry, err error) error {
		name := filepath.Base(path)
		if err == nil && (strings.HasPrefix(name, ".") || strings.Contains(name, ".tmp") || strings.HasSuffix(name, ".watch")) {
			a.t.Fatalf("%s: debris: %s", when, path)
		}
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
	tables, err := os.ReadDir(filepath.Join(a.state, "tables"))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, d := range tables {
		if d.Name() != "blue" && d.Name() != "green" {
			a.t.Fatalf("%s: orphan table %s", when, d.Name())
		}
	}
}

func sameSet(got, want []string) bool {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}
