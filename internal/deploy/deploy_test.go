package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"teal/internal/release"

	"github.com/google/go-cmp/cmp"
)

func app() release.App {
	return release.App{
		Name: "voda", Services: []release.Service{{Name: "web", Port: 80, Replicas: 1, Health: release.Health{Answers: 1}}},
		Routes: []release.Route{{Path: "/", To: "web"}}, Proxies: []release.Proxy{{Kind: release.ProxyHost}},
		Policy: release.Policy{Standby: release.StandbyCold, Keep: 5},
	}
}

func (m *machine) deployer() *Deployer {
	m.n, m.locked, m.gone = 0, false, false
	m.live = m.lasting()
	m.amiss = m.broken() != nil
	return &Deployer{Runtime: m, Router: fakeRouter{m}, Prober: m, Witness: m, Journal: fakeJournal{m}, Events: func(release.Event) {}, By: "test"}
}

func (m *machine) state(number int) release.State {
	for _, r := range m.memory.Releases {
		if r.Number == number {
			return r.State
		}
	}
	return ""
}

// released is a machine that has had n releases, the last one live.
func released(t *testing.T, n int) *machine {
	t.Helper()
	m := newMachine()
	for range n {
		if _, err := m.deployer().Deploy(t.Context(), app()); err != nil {
			t.Fatal(err)
		}
	}
	m.events = nil
	return m
}

func TestADeployDoesItsStepsInOrderAndEndsWithAReceipt(t *testing.T) {
	m := released(t, 1)
	r, err := m.deployer().Deploy(t.Context(), app())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"build", "pin", "shared", "start green", "healthy", "shift green", "confirm green", "drain", "stop blue"}
	if diff := cmp.Diff(want, m.events); diff != "" {
		t.Error(diff)
	}
	if r.Outcome != release.OutcomeDone || r.Live != release.Green || r.Release != 2 || r.Replaced != 1 {
		t.Errorf("receipt %+v", r)
	}
	if r.Clients == nil || r.Clients.Requests != 7 || r.Witness == nil || r.Drained == nil || r.Drained.Color != release.Blue {
		t.Errorf("the receipt lacks its proof: %+v", r)
	}
	if m.state(1) != release.StateReplaced || m.state(2) != release.StateLive || m.watching {
		t.Errorf("after: %+v, watching %v", m.memory.Releases, m.watching)
	}
}

// What goes on after the drain's limit may end as the application lets it: its
// packets would stay in a shut door.
func TestAColorIsShutBeforeItIsStoppedUnlessItsDrainWasCut(t *testing.T) {
	for _, cuts := range []int{0, 2} {
		m := released(t, 2) // the standby that is cleared lies stopped: only the old color is shut
		before := m.closed
		m.cuts = cuts
		if _, err := m.deployer().Deploy(t.Context(), app()); err != nil {
			t.Fatal(err)
		}
		want := 1
		if cuts > 0 {
			want = 0
		}
		if got := m.closed - before; got != want || m.shut != release.None {
			t.Errorf("with %d cut new connections were kept off %d times, now %q", cuts, got, m.shut)
		}
	}
}

func TestWhatShouldBeKnownOfNginxIsToldByWhatBringsARelease(t *testing.T) {
	m := released(t, 2)
	m.notes = []string{"the certificate has expired", "the certificate has expired"} // of two proxies of a chain
	d := m.deployer()
	told := 0
	d.Events = func(e release.Event) {
		if e.Type == release.EventNote && e.Text == m.notes[0] {
			told++
		}
	}
	do := func(_ release.Receipt, err error) int {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		n := told
		told = 0
		return n
	}
	got := []int{do(d.Deploy(t.Context(), app())), do(d.Rollback(t.Context(), app(), 0)), do(d.Down(t.Context(), app(), false))}
	if diff := cmp.Diff([]int{1, 1, 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAReleaseThatNeverGetsHealthyLeavesTrafficAlone(t *testing.T) {
	m := released(t, 2)
	m.unhealthy[3] = true
	r, err := m.deployer().Deploy(t.Context(), app())
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Gate {
		t.Fatalf("got %v", err)
	}
	if e.What != "healthy blue: web-1 never got healthy" || e.State != "release 2 is live in green, as before" || e.Next == "" {
		t.Errorf("told %+v", e)
	}
	if slices.ContainsFunc(m.events, func(s string) bool { return strings.HasPrefix(s, "shift") }) {
		t.Errorf("traffic was moved: %v", m.events)
	}
	if m.colors[release.Blue].release() != 0 || m.state(3) != release.StateFailed || r.Live != release.Green || r.Outcome != release.OutcomeFailed {
		t.Errorf("blue %+v, state %s, receipt %+v", m.colors[release.Blue], m.state(3), r)
	}
	// The standby made room for the failed release, and comes back from history.
	if _, err := m.deployer().Rollback(t.Context(), app(), 0); err != nil {
		t.Fatal(err)
	}
	if m.serving() != release.Blue || m.colors[release.Blue].release() != 1 {
		t.Errorf("after the rollback %s serves: %+v", m.serving(), m.colors[release.Blue])
	}
}

func TestAWitnessIsNotSentWhereTheSiteIsNotYet(t *testing.T) {
	m := released(t, 1)
	moved := app()
	moved.Site.Listen = []string{"8080"}
	r, err := m.deployer().Deploy(t.Context(), moved)
	if err != nil || r.Witness != nil {
		t.Errorf("%v: the witness tells %+v", err, r.Witness)
	}
	if r, err = m.deployer().Deploy(t.Context(), moved); err != nil || r.Witness == nil {
		t.Errorf("%v: the site stays, and nobody watches", err)
	}
}

func TestALockedAppIsRefused(t *testing.T) {
	m := released(t, 1)
	d := m.deployer()
	m.locked = true
	if _, err := d.Deploy(t.Context(), app()); release.CodeOf(err) != release.Locked || len(m.events) > 0 {
		t.Errorf("got %v after %v", err, m.events)
	}
}

func TestAKillAnywhereIsFinishedByTheNextDeploy(t *testing.T) {
	for releases := range 3 {
		entries := countEffects(t, releases)
		for at := 1; at <= entries; at++ {
			m := released(t, releases)
			d := m.deployer()
			m.dieAt = at
			if !dies(func() { d.Deploy(context.Background(), app()) }) {
				t.Fatalf("it did not die at %d of %d", at, entries)
			}
			m.dieAt = 0
			converges(t, m, at)
		}
		t.Logf("%d kills after %d releases", entries, releases)
	}
}

// converges deploys once more and looks for what should not be left.
func converges(t *testing.T, m *machine, at int) {
	t.Helper()
	r, err := m.deployer().Deploy(t.Context(), app())
	if err != nil || m.violation != nil {
		t.Fatalf("killed at %d: %v, %v\n%v", at, err, m.violation, m.events)
	}
	if m.serving() != r.Color || m.colors[r.Color].release() != r.Release || m.colors[r.Color.Other()].running() {
		t.Fatalf("killed at %d: %s serves, %+v %+v", at, m.serving(), m.colors[release.Blue], m.colors[release.Green])
	}
	for _, rel := range m.memory.Releases {
		if rel.State == release.StateStarting || (rel.State == release.StateLive) != (rel.Number == r.Release) {
			t.Fatalf("killed at %d: release %d is %s", at, rel.Number, rel.State)
		}
	}
	if (fakeJournal{m}).unended() != nil || m.watching {
		t.Fatalf("killed at %d: unended %+v, watching %v", at, fakeJournal{m}.unended(), m.watching)
	}
}

func TestCtrlCAnywhereIsUndoneAndTheLockIsFree(t *testing.T) {
	for releases := range 3 {
		for at := 1; at <= countEffects(t, releases); at++ {
			m := released(t, releases)
			before, number := m.serving(), 0
			if before != release.None {
				number = m.colors[before].release()
			}
			d := m.deployer()
			ctx, cancel := context.WithCancel(t.Context())
			m.cancelAt, m.cancel = at, cancel
			_, err := d.Deploy(ctx, app())
			cancel()
			if err == nil {
				continue // at was a journal entry, or the last effect: nothing to interrupt
			}
			if release.CodeOf(err) != release.Interrupted || m.violation != nil || m.locked {
				t.Fatalf("at %d: %v, %v, locked %v", at, err, m.violation, m.locked)
			}
			if m.serving() != before || (before != release.None && m.colors[before].release() != number) {
				t.Fatalf("at %d: %q with %d served before, now %q: %v", at, before, number, m.serving(), m.events)
			}
			if c := m.colors[before.Other()]; c.running() || m.state(releases+1) != release.StateUndone {
				t.Fatalf("at %d: %+v is left, release is %s", at, c, m.state(releases+1))
			}
		}
	}
}

func TestAFailureAnywhereLeavesAHealthyColorServing(t *testing.T) {
	entries := countEffects(t, 2)
	for at := 1; at <= entries; at++ {
		m := released(t, 2)
		d := m.deployer()
		m.fault = fault{at: at, err: errInjected}
		_, err := d.Deploy(t.Context(), app())
		if err == nil {
			continue // at was a journal entry
		}
		m.fault = fault{}
		var e *release.Error
		if !errors.As(err, &e) || e.State == "" || e.Next == "" || !errors.Is(err, errInjected) {
			t.Fatalf("at %d: %+v", at, err)
		}
		if m.violation != nil || m.serving() == release.None {
			t.Fatalf("at %d: %v: %v", at, m.violation, m.events)
		}
		converges(t, m, at)
	}
}

func TestDownLeavesNothingAndForgets(t *testing.T) {
	m := released(t, 2)
	if _, err := m.deployer().Down(t.Context(), app(), false); err != nil {
		t.Fatal(err)
	}
	if m.network || m.loaded || m.table != nil || len(m.memory.Releases) > 0 {
		t.Errorf("left: %+v", m)
	}
	if want := []string{"unroute", "drain", "remove"}; !slices.Equal(m.events, want) {
		t.Errorf("did %v, want %v", m.events, want)
	}
}

// countEffects is how many effects and journal entries a deploy has.
func countEffects(t *testing.T, releases int) int {
	m := released(t, releases)
	if _, err := m.deployer().Deploy(t.Context(), app()); err != nil {
		t.Fatal(err)
	}
	return m.n
}

func dies(do func()) (dead bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
			dead = true
		}
	}()
	do()
	return false
}

func TestWhatAKilledCommandLeftBesideNginxsFilesIsTakenAwayByTheNext(t *testing.T) {
	for name, command := range map[string]func(d *Deployer) error{
		"deploy":   func(d *Deployer) error { _, err := d.Deploy(t.Context(), app()); return err },
		"rollback": func(d *Deployer) error { _, err := d.Rollback(t.Context(), app(), 0); return err },
		"down":     func(d *Deployer) error { _, err := d.Down(t.Context(), app(), false); return err },
	} {
		m := released(t, 2)
		m.debris = []string{".teal-voda.next"}
		d := m.deployer()
		if _, err := d.Plan(t.Context(), app()); err != nil || len(m.debris) == 0 {
			t.Errorf("looking on changed it: %v", err)
		}
		if err := command(d); err != nil || len(m.debris) > 0 {
			t.Errorf("%s: %v, left %v", name, err, m.debris)
		}
	}
}

// hung is an engine whose release commands never end by themselves.
type hung struct{ *machine }

func (h hung) Once(ctx context.Context, _ release.App, _ release.Spec, _ release.Color, command release.Command, _ Say) error {
	limit, ok := ctx.Deadline()
	if left := time.Until(limit); !ok || left > command.Timeout {
		return fmt.Errorf("it may run for %s more, and teal.yaml gives it %s", left, command.Timeout)
	}
	return errInjected
}

func TestAReleaseCommandIsGivenTheTimeThatTealYamlSaysAndNoMore(t *testing.T) {
	d := released(t, 1).deployer()
	d.Runtime = hung{d.Runtime.(*machine)}
	if _, err := d.Deploy(t.Context(), wide()); !errors.Is(err, errInjected) {
		t.Errorf("got %v", err)
	}
}
