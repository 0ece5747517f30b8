package journal

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"teal/internal/release"
)

// alike compares times as instants and addresses by value.
var alike = cmp.Options{cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.EquateEmpty()}

func TestADeployIsRememberedStepByStep(t *testing.T) {
	j := opened(t, t.TempDir())
	id := begin(t, j, 1)
	at := func() string {
		m, err := j.Memory("voda")
		must(t, err)
		return m.Unended.Step
	}
	if got := at(); got != "" {
		t.Errorf("before its first step it is at %q", got)
	}
	must(t, j.Intent(id, 1, plan[0]))
	if got := at(); got != "step 1 of 7: pin back" {
		t.Errorf("in its first step it is at %q", got)
	}
	must(t, j.Result(id, 1, ""), j.Intent(id, 2, plan[1]), j.Result(id, 2, "exited 1"))
	if got := at(); got != "step 2 of 7: start green" {
		t.Errorf("after its failure it is at %q", got)
	}
	steps, err := j.Steps(id)
	must(t, err)
	var got []release.Step
	for _, s := range steps {
		got = append(got, s.Step)
	}
	if diff := cmp.Diff(plan, got); diff != "" {
		t.Errorf("-plan +kept:\n%s", diff)
	}
	if s := steps[1]; s.Failure != "exited 1" || s.Began.IsZero() || s.Ended.Before(s.Began) || !steps[2].Began.IsZero() {
		t.Errorf("steps are %+v", steps)
	}
	must(t, j.End(id, release.OutcomeFailed, receipt(1)))
	m, err := j.Memory("voda")
	must(t, err)
	if m.Unended != nil {
		t.Errorf("an ended deploy is unended: %+v", m.Unended)
	}
	r, err := j.Receipt(id)
	must(t, err)
	if diff := cmp.Diff(receipt(1), r); diff != "" {
		t.Errorf("-given +kept:\n%s", diff)
	}
}

func TestAStepThatIsResumedHasNoResultUntilItEndsAgain(t *testing.T) {
	j := opened(t, t.TempDir())
	id := begin(t, j, 1)
	must(t, j.Intent(id, 1, plan[0]), j.Result(id, 1, "broken"), j.Intent(id, 1, plan[0]))
	steps, err := j.Steps(id)
	must(t, err)
	if s := steps[0]; !s.Ended.IsZero() || s.Failure != "" {
		t.Errorf("it is %+v", s)
	}
}

func TestWhatDoesNotRunTakesNoWrites(t *testing.T) {
	j := opened(t, t.TempDir())
	begin(t, j, 1)
	id := begin(t, j, 5)
	for name, err := range map[string]error{
		"a result without intent":      j.Result(id, 1, ""),
		"an intent of no deploy":       j.Intent(id+1, 1, plan[0]),
		"an end of no deploy":          j.End(id+1, release.OutcomeDone, nil),
		"a state of no release":        j.SetState("voda", 7, release.StateLive, release.Blue, ""),
		"a spec of no release":         j.SaveSpec(spec(7)),
		"addresses without subnet":     j.SaveNetwork("voda", release.Network{}),
		"a deploy of no app":           second(j.Begin(release.Deploy{}, nil, nil)),
		"a release's number once more": second(j.Begin(release.Deploy{App: "voda"}, &release.Release{Number: 5}, nil)),
		"a number that was passed by":  second(j.Begin(release.Deploy{App: "voda"}, &release.Release{Number: 3}, nil)),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	must(t, j.Intent(id, 1, plan[0]), j.End(id, release.OutcomeInterrupted, nil))
	for name, err := range map[string]error{
		"a second end":             j.End(id, release.OutcomeDone, nil),
		"an intent after the end":  j.Intent(id, 2, plan[1]),
		"a result after the end":   j.Result(id, 1, ""),
		"the plan of another time": second(j.Receipt(id + 1)),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if r, err := j.Receipt(id); r != nil || err != nil {
		t.Errorf("a deploy that ended without receipt has %v, %v", r, err)
	}
	if all, err := j.Deploys("voda", 0); err != nil || len(all) != 2 {
		t.Errorf("deploys are %+v, %v", all, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhileADeployIsUndoneTheUndoIsTheUnendedOne(t *testing.T) {
	j := opened(t, t.TempDir())
	id := begin(t, j, 1)
	undo, err := j.Begin(release.Deploy{App: "voda", Kind: release.KindUndo, Release: 1, Started: time.Now()}, nil, plan[:1])
	must(t, err)
	unended := func() int64 {
		m, err := j.Memory("voda")
		must(t, err)
		return m.Unended.ID
	}
	if got := unended(); got != undo {
		t.Errorf("the unended deploy is %d, want the undo %d", got, undo)
	}
	if m, err := j.Memory("voda"); err != nil || m.Unended.Undoes == nil || m.Unended.Undoes.ID != id || len(m.Older) != 1 || m.Older[0].ID != id {
		t.Errorf("the undo is of %+v, and older ones are %+v, %v", m.Unended.Undoes, m.Older, err)
	}
	must(t, j.End(undo, release.OutcomeDone, nil))
	if got := unended(); got != id {
		t.Errorf("the unended deploy is %d, want the deploy %d", got, id)
	}
}

func TestOneReleaseIsLive(t *testing.T) {
	j := opened(t, t.TempDir())
	for n := 1; n <= 3; n++ {
		must(t, j.End(begin(t, j, n), release.OutcomeDone, nil), j.SetState("voda", n, release.StateLive, release.Blue, ""))
	}
	must(t, j.SetState("voda", 3, release.StateFailed, release.None, "exited 1"), j.SetState("voda", 1, release.StateLive, release.Green, ""))
	all, err := j.History("voda", 0)
	must(t, err)
	got := map[int]release.State{}
	for _, r := range all {
		got[r.Number] = r.State
	}
	want := map[int]release.State{1: release.StateLive, 2: release.StateReplaced, 3: release.StateFailed}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	must(t, j.SetState("voda", 2, release.StateLive, release.Green, ""), j.SetState("voda", 1, release.StateLive, release.Green, ""))
	if left, err := j.History("voda", 2); err != nil || left[1].State != release.StateWithdrawn {
		t.Errorf("a release that was rolled back from is %+v, %v", left, err)
	}
	if r := all[0]; r.Number != 3 || r.Color != release.Blue || r.Reason != "exited 1" {
		t.Errorf("a state without color lost it: %+v", r)
	}
	if newest, err := j.History("voda", 1); err != nil || len(newest) != 1 || newest[0].Number != 3 {
		t.Errorf("the newest is %+v, %v", newest, err)
	}
}

func TestASpecIsKeptAsItWas(t *testing.T) {
	j := opened(t, t.TempDir())
	begin(t, j, 1)
	want := spec(1)
	want.Shared = append(want.Shared, 0, 0xff, '\n') // bytes, not text
	must(t, j.SaveSpec(spec(1)), j.SaveSpec(want))
	got, err := j.Spec("voda", 1)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, err = j.Spec("voda", 2)
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Invalid || e.What != "release 2 of voda is not kept, so it can't be run" {
		t.Errorf("have %#v", err)
	}
}

func TestPruneDropsWhatIsNeededToRunButNotTheHistory(t *testing.T) {
	j := opened(t, t.TempDir())
	for n := 1; n <= 3; n++ {
		begin(t, j, n)
		must(t, j.SaveSpec(spec(n)))
	}
	must(t, j.Prune("voda", []int{1, 3}))
	m, err := j.Memory("voda")
	must(t, err)
	for _, r := range m.Releases {
		_, err := j.Spec("voda", r.Number)
		if kept := r.Number != 2; kept != (err == nil) || kept != (len(r.Images) > 0) {
			t.Errorf("release %d: images %v, spec %v", r.Number, r.Images, err)
		}
	}
	if len(m.Releases) != 3 {
		t.Errorf("of 3 releases history has %d", len(m.Releases))
	}
	must(t, j.Prune("voda", nil))
	if _, err := j.Spec("voda", 3); err == nil {
		t.Error("keeping none kept one")
	}
}

func TestAddressesAreKept(t *testing.T) {
	root := t.TempDir()
	j := opened(t, root)
	must(t, j.SaveNetwork("voda", network(3)), j.SaveNetwork("ara", network(1)), j.SaveNetwork("voda", network(2)))
	for app, want := range map[string]release.Network{"voda": network(2), "ara": network(1), "none": {}} {
		m, err := opened(t, root).Memory(app)
		must(t, err)
		if diff := cmp.Diff(want, m.Network, alike); diff != "" {
			t.Errorf("%s: -want +got:\n%s", app, diff)
		}
	}
}

func TestForgettingOneAppLeavesTheOthers(t *testing.T) {
	j := opened(t, t.TempDir())
	deployed(t, j, 1)
	must(t, j.SaveNetwork("voda", network(1)))
	id, err := j.Begin(release.Deploy{App: "ara", Release: 1}, &release.Release{Number: 1}, plan)
	must(t, err, j.Forget("voda"))
	m, err := j.Memory("voda")
	must(t, err)
	if diff := cmp.Diff(release.Memory{Next: 1}, m, alike); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	apps, err := j.Apps()
	must(t, err)
	steps, err := j.Steps(id)
	must(t, err)
	if len(apps) != 1 || apps[0] != "ara" || len(steps) != len(plan) {
		t.Errorf("left are %v with %d steps", apps, len(steps))
	}
	if begin(t, j, 1) <= id {
		t.Error("the number of a deploy was used again")
	}
}

func TestAReaderIsNotStoppedByAWriter(t *testing.T) {
	root := t.TempDir()
	j := opened(t, root)
	deployed(t, j, 1)
	tx, err := j.db.Begin()
	must(t, err)
	defer tx.Rollback()
	_, err = tx.Exec("UPDATE releases SET state = 'failed'")
	must(t, err)
	r, err := OpenReadOnly(root)
	must(t, err)
	defer r.Close()
	m, err := r.Memory("voda")
	must(t, err)
	if m.Releases[0].State != release.StateLive {
		t.Errorf("the reader sees what isn't committed: %+v", m.Releases[0])
	}
}

// Ten thousand releases are to stay below 50 MB; a thousand, below 5.
func TestALongHistoryStaysSmallAndIsRememberedInShort(t *testing.T) {
	root := t.TempDir()
	history(t, root, 1000)
	set(t, root, "wal_checkpoint(TRUNCATE)")
	info, err := os.Stat(root + "/teal.db")
	must(t, err)
	t.Logf("%d bytes a release", info.Size()/1000)
	if info.Size() > 5<<20 {
		t.Errorf("a thousand releases take %d bytes", info.Size())
	}
	j := opened(t, root)
	m, err := j.Memory("voda")
	must(t, err)
	if len(m.Releases) != recent || m.Releases[0].Number != 1000 || m.Next != 1001 {
		t.Errorf("it remembers %d releases, the first %d, the next %d", len(m.Releases), m.Releases[0].Number, m.Next)
	}
	must(t, j.SetState("voda", 3, release.StateReplaced, release.Blue, ""), j.SaveSpec(spec(3)))
	if m, err = j.Memory("voda"); err != nil || m.Releases[len(m.Releases)-1].Number != 3 {
		t.Errorf("an old release that can be run isn't remembered: %v", err)
	}
}

// Every query that a command makes on its way goes by an index.
func TestNoQueryWalksTheWholeHistory(t *testing.T) {
	j := opened(t, t.TempDir())
	for _, query := range []string{
		selectReleases + memorable,
		replaceLive,
		selectDeploys + "d.ended IS NULL ORDER BY d.id DESC LIMIT ?2",
		selectDeploys + "true ORDER BY d.id DESC LIMIT ?2",
	} {
		rows, err := j.db.Query("EXPLAIN QUERY PLAN "+query, "voda", 7)
		must(t, err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			must(t, rows.Scan(&id, &parent, &unused, &detail))
			walks := strings.HasPrefix(detail, "SCAN releases") || strings.HasPrefix(detail, "SCAN d") || strings.HasSuffix(detail, "USING PRIMARY KEY (app=?)")
			if walks || strings.HasSuffix(detail, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s\n%s", query, detail)
			}
		}
		must(t, rows.Close())
	}
}
