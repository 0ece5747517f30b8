package journal

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"teal/internal/release"
)

// model is a journal as simple as it can be.
type model struct {
	apps map[string]*modelApp
	runs map[int64]*modelRun
}

type modelApp struct {
	net      release.Network
	next     int
	releases map[int]release.Release
	specs    map[int]release.Spec
}

type modelRun struct {
	deploy  release.Deploy
	steps   map[int]release.Step
	begun   map[int]bool
	done    map[int]string
	receipt *release.Receipt
}

func (m *model) app(name string) *modelApp {
	if m.apps[name] == nil {
		m.apps[name] = &modelApp{next: 1, releases: map[int]release.Release{}, specs: map[int]release.Spec{}}
	}
	return m.apps[name]
}

// unended are the runs of the app that have not ended, the newest first. An
// undo knows the newest deploy or rollback before it.
func (m *model) unended(app string) (list []release.Deploy) {
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(m.runs))) {
		d := m.runs[id].deploy
		if d.App != app {
			continue
		}
		if len(list) > 0 && list[0].Kind == release.KindUndo && list[0].Undoes == nil && d.Kind != release.KindUndo {
			list[0].Undoes = &d
		}
		if d.Outcome == release.OutcomeRunning {
			list = append(list, d)
		}
	}
	return list
}

func (m *model) memory(app string) release.Memory {
	want := release.Memory{Next: 1}
	if list := m.unended(app); len(list) > 0 {
		want.Unended, want.Older = &list[0], list[1:]
	}
	a := m.apps[app]
	if a == nil {
		return want
	}
	want.Network, want.Next = a.net, a.next
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(a.releases))) {
		want.Releases = append(want.Releases, a.releases[n])
	}
	return want
}

// TestTheJournalRemembersAsASimpleModelDoes does what deploys do in any order,
// on two apps, opening the journal anew now and then.
func TestTheJournalRemembersAsASimpleModelDoes(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{root: root, model: &model{apps: map[string]*modelApp{}, runs: map[int64]*modelRun{}}}
		m.open(t)
		defer m.close(t)
		t.Repeat(rapid.StateMachineActions(m))
	})
}

// machine does each thing to the journal and to the model.
type machine struct {
	journal *Journal
	root    string
	model   *model
	clock   int64
}

var apps = []string{"voda", "ara"}

func (m *machine) close(t *rapid.T) {
	for _, app := range apps {
		agree(t, nil, m.journal.Forget(app))
	}
	agree(t, nil, m.journal.Close())
}

// Check compares all that is known.
func (m *machine) Check(t *rapid.T) {
	for _, app := range apps {
		got, err := m.journal.Memory(app)
		agree(t, nil, err)
		if diff := cmp.Diff(m.model.memory(app), got, alike, cmpopts.IgnoreFields(release.Deploy{}, "Ended")); diff != "" {
			t.Fatalf("%s: -model +journal:\n%s", app, diff)
		}
	}
	for id, run := range m.model.runs {
		m.checkRun(t, id, run)
	}
}

func (m *machine) checkRun(t *rapid.T, id int64, run *modelRun) {
	steps, err := m.journal.Steps(id)
	agree(t, nil, err)
	for _, s := range steps {
		failure, done := run.done[s.N]
		if s.Began.IsZero() == run.begun[s.N] || s.Ended.IsZero() == done || s.Failure != failure {
			t.Fatalf("step %d of %d is %+v, the model has begun %v, done %v", s.N, id, s, run.begun[s.N], done)
		}
		if diff := cmp.Diff(run.steps[s.N], s.Step); diff != "" {
			t.Fatalf("step %d of %d: -model +journal:\n%s", s.N, id, diff)
		}
	}
	got, err := m.journal.Receipt(id)
	agree(t, nil, err)
	if diff := cmp.Diff(run.receipt, got); len(steps) != len(run.steps) || diff != "" {
		t.Fatalf("deploy %d has %d steps, and its receipt differs:\n%s", id, len(steps), diff)
	}
}

// Reopen closes the journal, so that what is known afterwards was written.
func (m *machine) Reopen(t *rapid.T) {
	agree(t, nil, m.journal.Close())
	m.open(t)
}

// open doesn't wait for the disk: whether writes reach it is asked elsewhere.
func (m *machine) open(t *rapid.T) {
	j, err := Open(m.root)
	agree(t, nil, err)
	_, err = j.db.Exec("PRAGMA synchronous = OFF")
	agree(t, nil, err)
	m.journal = j
}

func (m *machine) SaveNetwork(t *rapid.T) {
	app, net := anApp(t), network(rapid.IntRange(0, 4).Draw(t, "replicas"))
	net.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 210, byte(rapid.IntRange(0, 9).Draw(t, "subnet")), 0}), 24)
	agree(t, nil, m.journal.SaveNetwork(app, net))
	m.model.app(app).net = net
}

func (m *machine) Begin(t *rapid.T) {
	app := anApp(t)
	a := m.model.app(app)
	m.clock++
	kind := rapid.SampledFrom([]release.DeployKind{release.KindRollback, release.KindUndo}).Draw(t, "kind")
	d := release.Deploy{App: app, Kind: kind, Release: a.next, By: "ana@host", PID: 7, Started: time.Unix(m.clock, 1)}
	var rel *release.Release
	if rapid.Bool().Draw(t, "new") {
		d.Kind = release.KindDeploy
		rel = &release.Release{App: app, Number: a.next + rapid.IntRange(0, 2).Draw(t, "gap"), Color: release.Blue, Created: d.Started, By: d.By}
		kept := *rel
		kept.State = release.StateStarting
		a.releases[rel.Number], a.next = kept, rel.Number+1
	}
	id, err := m.journal.Begin(d, rel, plan)
	agree(t, nil, err)
	d.ID = id
	run := &modelRun{deploy: d, steps: map[int]release.Step{}, begun: map[int]bool{}, done: map[int]string{}}
	for i, s := range plan {
		run.steps[i+1] = s
	}
	m.model.runs[id] = run
}

func (m *machine) Intent(t *rapid.T) {
	id, run := m.aRun(t)
	n, s := rapid.IntRange(1, len(plan)).Draw(t, "n"), rapid.SampledFrom(plan).Draw(t, "step")
	err := m.journal.Intent(id, n, s)
	if run == nil || run.deploy.Outcome != release.OutcomeRunning {
		agree(t, errRefused, err)
		return
	}
	agree(t, nil, err)
	run.steps[n], run.begun[n] = s, true
	delete(run.done, n)
	run.deploy.Step, run.deploy.At = run.at(), run.cut()
}

func (m *machine) Result(t *rapid.T) {
	id, run := m.aRun(t)
	n, failure := rapid.IntRange(1, len(plan)).Draw(t, "n"), rapid.SampledFrom([]string{"", "exited 1"}).Draw(t, "failure")
	err := m.journal.Result(id, n, failure)
	if run == nil || run.deploy.Outcome != release.OutcomeRunning || !run.begun[n] {
		agree(t, errRefused, err)
		return
	}
	agree(t, nil, err)
	run.done[n] = failure
	run.deploy.At = run.cut()
}

func (m *machine) End(t *rapid.T) {
	id, run := m.aRun(t)
	outcome := rapid.SampledFrom([]release.Outcome{release.OutcomeDone, release.OutcomeFailed, release.OutcomeInterrupted}).Draw(t, "outcome")
	var r *release.Receipt
	if rapid.Bool().Draw(t, "receipt") {
		r = receipt(int(id))
	}
	err := m.journal.End(id, outcome, r)
	if run == nil || run.deploy.Outcome != release.OutcomeRunning {
		agree(t, errRefused, err)
		return
	}
	agree(t, nil, err)
	run.deploy.Outcome, run.receipt = outcome, r
}

func (m *machine) SetState(t *rapid.T) {
	app, n := anApp(t), rapid.IntRange(1, 6).Draw(t, "number")
	state := rapid.SampledFrom([]release.State{release.StateLive, release.StateFailed, release.StateUndone}).Draw(t, "state")
	color := rapid.SampledFrom([]release.Color{release.None, release.Blue, release.Green}).Draw(t, "color")
	err := m.journal.SetState(app, n, state, color, "why")
	r, known := m.model.app(app).releases[n]
	if !known {
		agree(t, errRefused, err)
		return
	}
	agree(t, nil, err)
	for number, other := range m.model.apps[app].releases {
		if state == release.StateLive && other.State == release.StateLive {
			other.State = release.StateReplaced
			if number > n {
				other.State = release.StateWithdrawn
			}
			m.model.apps[app].releases[number] = other
		}
	}
	r.State, r.Reason = state, "why"
	if color != release.None {
		r.Color = color
	}
	m.model.apps[app].releases[n] = r
}

func (m *machine) SaveSpec(t *rapid.T) {
	app, n := anApp(t), rapid.IntRange(1, 6).Draw(t, "number")
	s := spec(n)
	s.App = app
	err := m.journal.SaveSpec(s)
	a := m.model.app(app)
	r, known := a.releases[n]
	if !known {
		agree(t, errRefused, err)
		return
	}
	agree(t, nil, err)
	r.Images, r.Kept = s.Images, true
	a.releases[n], a.specs[n] = r, s
}

func (m *machine) Spec(t *rapid.T) {
	app, n := anApp(t), rapid.IntRange(1, 6).Draw(t, "number")
	got, err := m.journal.Spec(app, n)
	want, known := m.model.app(app).specs[n]
	if !known {
		agree(t, errRefused, err)
		return
	}
	agree(t, nil, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func (m *machine) Prune(t *rapid.T) {
	app, keep := anApp(t), rapid.SliceOf(rapid.IntRange(1, 6)).Draw(t, "keep")
	agree(t, nil, m.journal.Prune(app, keep))
	a := m.model.app(app)
	for n, r := range a.releases {
		if !slices.Contains(keep, n) {
			r.Images, r.Kept = nil, false
			a.releases[n] = r
			delete(a.specs, n)
		}
	}
}

func (m *machine) Forget(t *rapid.T) {
	app := anApp(t)
	agree(t, nil, m.journal.Forget(app))
	delete(m.model.apps, app)
	maps.DeleteFunc(m.model.runs, func(_ int64, r *modelRun) bool { return r.deploy.App == app })
}

func anApp(t *rapid.T) string { return rapid.SampledFrom(apps).Draw(t, "app") }

// aRun is a deploy, now and then one that isn't there.
func (m *machine) aRun(t *rapid.T) (int64, *modelRun) {
	ids := append(slices.Sorted(maps.Keys(m.model.runs)), 1<<40)
	id := rapid.SampledFrom(ids).Draw(t, "deploy")
	return id, m.model.runs[id]
}

// at is the step a run was last known at, in words.
func (r *modelRun) at() string {
	n := slices.Max(slices.Collect(maps.Keys(r.begun)))
	return fmt.Sprintf("step %d of %d: %s %s", n, len(r.steps), r.steps[n].Kind, r.steps[n].Subject)
}

// errRefused stands for any error.
var errRefused = &release.Error{What: "refused"}

func agree(t *rapid.T, want error, got error) {
	t.Helper()
	if (want == nil) != (got == nil) {
		t.Fatalf("want error %v, have %v", want, got)
	}
}

// cut is the step a run is at, if it was begun and has not ended.
func (r *modelRun) cut() release.Step {
	last := 0
	for n := range r.begun {
		last = max(last, n)
	}
	if _, done := r.done[last]; done {
		return release.Step{}
	}
	return r.steps[last]
}
