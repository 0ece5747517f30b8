package e2e

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
	"teal/internal/witness"
	"teal/test/before/layout"
)

// crowd has the examples' sites asked as test/before asks them, which is what
// examples/README.md counts. Among other tests that takes a machine's
// processors from all of them: the examples' programs are slow, and each such
// client sends as soon as it has an answer.
var crowd = flag.Bool("crowd", false, "32 clients that think for 5 ms, not 12 that think for 100, in the tests of examples")

// visitors are the clients that an example has while it is released.
func visitors(s *layout.Stand) witness.Load {
	if *crowd {
		return s.Load(32, layout.Think)
	}
	return s.Load(12, 100*time.Millisecond)
}

// found is an example as people have it, which runs: version 1 is served, by
// its own containers and its own nginx.
func found(t *testing.T, name string) (*app, *layout.Stand) {
	t.Helper()
	packaged(t)
	l, ok := layout.Named(name)
	if !ok {
		t.Fatalf("no layout %s", name)
	}
	s, err := layout.Prepare("../../examples", l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nginx: %s", s.Errors())
		}
		if err := s.End(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, name: s.ID, dir: s.App(), state: filepath.Join(s.Root, "state"), port: s.Port, host: s.Host(), env: s.Env()}
	return a, s
}

// noCheck is the line that init writes where the files name no health check.
var noCheck = regexp.MustCompile(`# no healthcheck here: .*`)

// adopt has init write its proposal, puts the health path in that it asks for,
// and reloads nginx once, as after any other edit of its files.
func (a *app) adopt(s *layout.Stand, health string, args ...string) {
	a.t.Helper()
	as, project, theirs := kept(a.t, filepath.Join(s.Root, "etc")), kept(a.t, a.dir), a.leftovers()
	said := a.proposes(s, append([]string{"init"}, args...))
	a.must(append([]string{"init", "--write"}, args...)...)
	a.t.Cleanup(func() { a.giveBack(s, as, theirs) })
	a.touched("init", as, kept(a.t, filepath.Join(s.Root, "etc")), patched(said), "0-teal-*.conf")
	a.touched("init", project, kept(a.t, a.dir), patched(said), "teal.yaml", "compose.teal.yaml", "0-teal-*.conf")
	a.dropsTheVariable(patched(said))
	written := kept(a.t, filepath.Join(s.Root, "etc"))
	a.t.Cleanup(func() { // before giveBack
		a.touched("a release", written, kept(a.t, filepath.Join(s.Root, "etc")), nil, "0-teal-*.conf")
	})
	proposal, err := os.ReadFile(filepath.Join(a.dir, "teal.yaml"))
	if err != nil {
		a.t.Fatal(err)
	}
	if !noCheck.Match(proposal) {
		a.t.Fatalf("init asks for no health check:\n%s", proposal)
	}
	text := noCheck.ReplaceAllString(string(proposal), "health: "+health)
	a.name = strings.TrimSpace(regexp.MustCompile(`(?m)^app: (\S+)`).FindStringSubmatch(text)[1])
	a.write("teal.yaml", text)
	a.reloaded(s)
}

// variable is an include of the owner's in a server block, of a file that sets
// the variable which the block has no use for any more.
var variable = regexp.MustCompile(`(?m)^ *include \S+\.inc;\n`)

// dropsTheVariable takes such includes out, as the examples' pages say: with no
// rewrite directive left the block may include what leads requests around.
func (a *app) dropsTheVariable(files []string) {
	a.t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			a.t.Fatal(err)
		}
		if !bytes.Contains(text, []byte(".beside.inc")) {
			continue
		}
		if len(variable.FindAll(text, -1)) != 1 {
			a.t.Fatalf("%s has no include of the owner's to drop:\n%s", file, text)
		}
		simple := strings.Replace(variable.ReplaceAllString(string(text), ""), ".beside.inc", ".server.inc", 1)
		if err := os.WriteFile(file, []byte(simple), 0o644); err != nil {
			a.t.Fatal(err)
		}
	}
}

// padding is what lines comments up, by the lengths of names that the copy
// has; place is how teal names an nginx whose main file is not the usual one.
var (
	padding = regexp.MustCompile(`(\S) {2,}#`)
	place   = regexp.MustCompile(`/host\.[0-9a-f]{8}\.`)
)

// proposes checks that init says of the example what lies beside it, for
// people to read: proposal.txt. TEALTEST_UPDATE=1 writes it anew.
func (a *app) proposes(s *layout.Stand, args []string) (proposal string) {
	a.t.Helper()
	proposal = a.must(args...).stdout
	said := s.Original(proposal)
	said = place.ReplaceAllString(padding.ReplaceAllString(said, "$1  #"), "/host.")
	file := filepath.Join("../../examples", s.Name, "proposal.txt")
	if os.Getenv("TEALTEST_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(said), 0o644); err != nil {
			a.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), said); diff != "" {
		a.t.Errorf("%s is not what init proposes (TEALTEST_UPDATE=1 writes it anew):\n%s", file, diff)
	}
	return proposal
}

var patchedFile = regexp.MustCompile(`(?m)^\+\+\+ b(/\S+)$`)

// patched are the files that a proposal's diff changes.
func patched(proposal string) (files []string) {
	for _, m := range patchedFile.FindAllStringSubmatch(proposal, -1) {
		files = append(files, m[1])
	}
	return files
}

// touched checks that of the files of before each is as it was, but those which
// were to be changed, and that nothing came beside them but teal's own files.
func (a *app) touched(who string, before, now map[string][]byte, changed []string, own ...string) {
	a.t.Helper()
	isOwn := func(path string) bool {
		return slices.ContainsFunc(own, func(pattern string) bool { ok, _ := filepath.Match(pattern, filepath.Base(path)); return ok })
	}
	for path, text := range before {
		if after, there := now[path]; !isOwn(path) && (!there || bytes.Equal(text, after) == slices.Contains(changed, path)) {
			a.t.Errorf("%s: %s is there %v, and was to be changed %v:\n%s", who, path, there, slices.Contains(changed, path), after)
		}
	}
	for path := range now {
		if _, old := before[path]; !old && !isOwn(path) {
			a.t.Errorf("%s made %s", who, path)
		}
	}
}

// reloaded reloads the layout's nginx as its owner would.
func (a *app) reloaded(s *layout.Stand) {
	a.t.Helper()
	a.reloads(masterOf(a.t, filepath.Join(s.Root, "run/nginx.pid")), func() {
		if out, err := s.Run(context.Background(), nil, "nginx", "-s", "reload"); err != nil {
			a.t.Errorf("%v\n%s", err, out)
		}
	})
}

// kept are the files of a folder and their bytes.
func kept(t *testing.T, dir string) map[string][]byte {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// giveBack takes teal's lines out of the owner's files, and then the app away.
// What was there before teal stays; anything else that does is a failure.
func (a *app) giveBack(s *layout.Stand, files map[string][]byte, theirs []string) {
	if a.t.Failed() {
		a.evidence()
	}
	for path, text := range files {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			a.t.Error(err)
		}
	}
	a.reloaded(s)
	if r := a.teal("down", "--volumes", "--yes"); r.code != 0 {
		a.t.Errorf("at the end: %v", r)
	}
	for _, left := range a.leftovers() {
		if !slices.Contains(theirs, left) {
			a.t.Errorf("left behind: %s", left)
		}
	}
}

// lostNothing ends a load as a layout has it, half of it POSTs, and checks that
// every request was answered.
func (a *app) lostNothing(load *witness.Running) release.Witnessed {
	a.t.Helper()
	seen := load.Stop()
	if seen.Lost() != 0 || seen.Answered == 0 || seen.ByKind["post"] == 0 {
		a.t.Errorf("the witness lost %d of %d: %s (%+v)", seen.Lost(), seen.Sent, seen.First, seen)
	} else {
		a.t.Logf("witness: %d sent, 0 lost", seen.Sent)
	}
	return seen
}
