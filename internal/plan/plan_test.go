package plan

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"teal/internal/release"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func printed(p Plan) string {
	var sb strings.Builder
	sb.WriteString(p.Title() + "\n")
	if err := p.Print(&sb); err != nil {
		sb.WriteString(err.Error())
	}
	return sb.String()
}

// settledWorld has release 41 live in blue, release 40 stopped in green.
func settledWorld() *world {
	w := &world{
		app: testApp(), known: true, loaded: true, proxyUp: true, network: true, next: 42,
		colors: map[release.Color]*slot{release.Blue: {release: 41, running: true}, release.Green: {release: 40}},
		releases: []release.Release{
			{Number: 41, State: release.StateLive, Kept: true, Images: map[string]string{"web": "a"}},
			{Number: 40, State: release.StateReplaced, Kept: true, Images: map[string]string{"web": "b"}},
			{Number: 39, State: release.StateReplaced, Kept: true, Images: map[string]string{"web": "c"}},
			{Number: 38, State: release.StateReplaced, Kept: true, Images: map[string]string{"web": "d"}},
		},
	}
	w.begin()
	return w
}

// printedCases are the plans whose print is kept in testdata.
var printedCases = []struct {
	name  string
	world func(*world)
	goal  Goal
}{
	{
		name:  "the first deploy goes to blue and sets nginx up after the gate",
		world: func(w *world) { *w = world{app: testApp(), colors: emptyColors(), next: 1} },
		goal:  Goal{Kind: release.KindDeploy, Number: 1},
	},
	{
		name: "the first deploy of an adopted site goes to the color that teal.yaml names",
		world: func(w *world) {
			*w = world{app: testApp(), colors: emptyColors(), next: 1}
			w.app.Site.Adopted = &release.Adopted{First: release.Green}
		},
		goal: Goal{Kind: release.KindDeploy, Number: 1},
	},
	{
		name: "a deploy replaces blue and keeps it as a cold standby",
		goal: Goal{Kind: release.KindDeploy, Number: 42},
	},
	{
		name:  "a deploy after a crash past the shift drains what was left running",
		world: func(w *world) { w.colors[release.Green].running = true },
		goal:  Goal{Kind: release.KindDeploy, Number: 42},
	},
	{
		name: "a rollback resumes the standby",
		goal: Goal{Kind: release.KindRollback},
	},
	{
		name: "a rollback to a warm standby starts nothing and stops nothing",
		world: func(w *world) {
			w.colors[release.Green].running = true
			w.app.Policy.Standby = release.StandbyWarm
		},
		goal: Goal{Kind: release.KindRollback},
	},
	{
		name: "a deploy beside a live color that lost a service keeps the warm one that serves for it",
		world: func(w *world) {
			w.colors[release.Blue].limp, w.colors[release.Green].running = true, true
			w.app.Policy.Standby = release.StandbyWarm
		},
		goal: Goal{Kind: release.KindDeploy, Number: 42},
	},
	{
		name:  "a rollback from a dead color takes the warm one that serves already",
		world: func(w *world) { w.colors[release.Blue].running, w.colors[release.Green].running = false, true },
		goal:  Goal{Kind: release.KindRollback},
	},
	{
		name:  "a rollback whose standby is gone runs the release again from history",
		world: func(w *world) { w.colors[release.Green].release = 0 },
		goal:  Goal{Kind: release.KindRollback},
	},
	{
		name: "a dead routed color whose backup serves is not where traffic stays",
		world: func(w *world) {
			w.colors[release.Blue].running = false
			w.colors[release.Green].running = true
		},
		goal: Goal{Kind: release.KindDeploy, Number: 42},
	},
	{
		name:  "an nginx that is down is started before anything else",
		world: func(w *world) { w.proxyUp, w.loaded = false, false },
		goal:  Goal{Kind: release.KindDeploy, Number: 42},
	},
	{
		name: "an interrupted deploy before the shift only removes the new color",
		world: func(w *world) {
			w.colors[release.Green] = &slot{release: 42, running: true}
		},
		goal: Goal{Kind: release.KindUndo, Number: 42, Color: release.Green, Before: 41, Of: release.KindDeploy, Forced: true},
	},
	{
		name: "an interrupted deploy past the shift goes back through the gate",
		world: func(w *world) {
			w.colors[release.Green] = &slot{release: 42, running: true}
			w.table = release.TableFor(release.Green)
		},
		goal: Goal{Kind: release.KindUndo, Number: 42, Color: release.Green, Before: 41, Of: release.KindDeploy, Forced: true},
	},
	{
		name: "a scheduler changes hands between the gate and the shift, behind the release command",
		world: func(w *world) {
			w.app.Services = append(slices.Clone(testServices), beat)
			w.app.Policy.Command = &release.Command{Service: "api", Argv: []string{"python", "manage.py", "migrate"}, Timeout: 10 * time.Minute}
			w.colors[release.Blue].beat = true
		},
		goal: Goal{Kind: release.KindDeploy, Number: 42},
	},
	{
		name: "down takes the app out of nginx before anything is removed",
		goal: Goal{Kind: release.KindDown},
	},
}

func TestPlansPrintAsToldInTheDesign(t *testing.T) {
	for _, tc := range printedCases {
		t.Run(tc.name, func(t *testing.T) {
			w := settledWorld()
			if tc.world != nil {
				tc.world(w)
			}
			p, err := Build(w.observed(), tc.goal)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tc.name, printed(p))
		})
	}
}

// golden compares with testdata/<name>.txt; go test -update writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func emptyColors() map[release.Color]*slot {
	return map[release.Color]*slot{release.Blue: {}, release.Green: {}}
}

func TestARollbackNeverGoesToALaterRelease(t *testing.T) {
	w := settledWorld()
	w.colors[release.Blue].release, w.colors[release.Green].release = 39, 41
	p, err := Build(w.observed(), Goal{Kind: release.KindRollback})
	if err != nil {
		t.Fatal(err)
	}
	if p.Release != 38 {
		t.Errorf("rolled back to %d, want 38: 41 was rolled back from for a reason", p.Release)
	}
}

func TestARollbackPassesByWhatWasRolledBackFrom(t *testing.T) {
	w := settledWorld() // 40 was bad, 39 came back, then 41 was deployed
	w.releases[1].State = release.StateWithdrawn
	w.colors[release.Green].release = 39
	for wanted, want := range map[int]int{0: 39, 40: 40} {
		p, err := Build(w.observed(), Goal{Kind: release.KindRollback, Number: wanted})
		if err != nil || p.Release != want {
			t.Errorf("rollback --to %d brings %d, want %d (%v)", wanted, p.Release, want, err)
		}
	}
}

// When somebody has removed the live containers, the standby is one command
// away.
func TestARollbackIsThereWhenTheLiveContainersAreGone(t *testing.T) {
	w := settledWorld()
	w.colors[release.Blue] = &slot{}
	p, err := Build(w.observed(), Goal{Kind: release.KindRollback})
	if err != nil || p.Release != 40 || p.Steps[0].Kind != release.StepResume {
		t.Errorf("got %v\n%s", err, printed(p))
	}
}

func TestStoppedContainersThatWereTakenOffTheNetworkAreMadeAnew(t *testing.T) {
	o := settledWorld().observed()
	o.Engine.Colors[release.Green].Containers[0].Addr = netip.MustParseAddr("10.9.9.9")
	p, err := Build(o, Goal{Kind: release.KindRollback})
	if err != nil {
		t.Fatal(err)
	}
	if kinds := kindsOf(p)[:3]; !slices.Equal(kinds, []release.StepKind{release.StepImages, release.StepClear, release.StepStart}) {
		t.Errorf("got\n%s", printed(p))
	}
}

func TestAStandbyThatLostAContainerIsMadeAnew(t *testing.T) {
	o := settledWorld().observed()
	standby := o.Engine.Colors[release.Green]
	standby.Containers = standby.Containers[1:]
	o.Engine.Colors[release.Green] = standby
	p, err := Build(o, Goal{Kind: release.KindRollback})
	if err != nil {
		t.Fatal(err)
	}
	if kinds := kindsOf(p)[:3]; !slices.Equal(kinds, []release.StepKind{release.StepImages, release.StepClear, release.StepStart}) {
		t.Errorf("got\n%s", printed(p))
	}
}

func TestAnUndoGivesNginxTheConfigBackThatTheLiveReleaseHas(t *testing.T) {
	w := settledWorld()
	w.colors[release.Green] = &slot{release: 42, running: true}
	o := w.observed()
	o.Routing.Proxies[0].Wanted = "the old shape's"
	g := Goal{Kind: release.KindUndo, Number: 42, Color: release.Green, Before: 41, Of: release.KindDeploy, Rerouted: true}
	p, err := Build(o, g)
	if err != nil || p.Steps[0].Kind != release.StepRoute {
		t.Errorf("got %v\n%s", err, printed(p))
	}
	if number, color := Target(o, g); number != 41 || color != release.Blue {
		t.Errorf("it goes back to release %d in %s", number, color)
	}
	g.Rerouted = false
	if p, err := Build(o, g); err != nil || slices.Contains(kindsOf(p), release.StepRoute) {
		t.Errorf("nginx was not touched, and now is: %v\n%s", err, printed(p))
	}
}

func kindsOf(p Plan) []release.StepKind {
	var kinds []release.StepKind
	for _, s := range p.Steps {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func TestRollbacksThatCannotBeAreRefusedWithTheNextCommand(t *testing.T) {
	for _, tc := range []struct {
		name   string
		world  func(*world)
		wanted int
		what   string
	}{
		{"nothing live", func(w *world) { w.known, w.loaded = false, false }, 0, "no release of voda is live"},
		{"nothing before", func(w *world) { w.releases = w.releases[:1] }, 0, "no release before 41"},
		{"images pruned", func(w *world) {
			w.releases = w.releases[:2]
			w.releases[1].Images, w.releases[1].Kept = nil, false
			w.colors[release.Green].release = 0
		}, 0, "no release before 41"},
		{"live already", func(*world) {}, 41, "live already"},
		{"unknown", func(*world) {}, 12, "release 12 can't be run again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := settledWorld()
			tc.world(w)
			_, err := Build(w.observed(), Goal{Kind: release.KindRollback, Number: tc.wanted})
			var e *release.Error
			if !asError(err, &e) || e.Code != release.Invalid || !strings.Contains(e.What, tc.what) || e.Next == "" {
				t.Errorf("got %+v", err)
			}
		})
	}
}

func TestAProxyThatWouldRefuseAReloadStopsThePlan(t *testing.T) {
	o := settledWorld().observed()
	o.Routing.Proxies[0] = release.ProxyState{Name: "host nginx", Running: true, Broken: "nginx: [emerg] unknown directive \"oops\"\nnginx: test failed\n"}
	_, err := Build(o, Goal{Kind: release.KindDeploy, Number: 42})
	var e *release.Error
	if !asError(err, &e) || e.Code != release.Unreachable || len(e.Detail) != 2 {
		t.Errorf("got %+v", err)
	}
	o.Routing.Proxies[0] = release.ProxyState{Name: "host nginx"}
	if _, err = Build(o, Goal{Kind: release.KindDeploy, Number: 42}); release.CodeOf(err) != release.Unreachable {
		t.Errorf("a stopped host nginx: got %v", err)
	}
}

func TestAColorIsVacatedForTheReleaseThatIsStartedInItNext(t *testing.T) {
	w := settledWorld()
	w.app.Policy.Standby = release.StandbyNone
	p, err := Build(w.observed(), Goal{Kind: release.KindDeploy, Number: 42})
	if err != nil {
		t.Fatal(err)
	}
	var cleared []int
	for _, s := range p.Steps {
		if s.Kind == release.StepClear {
			cleared = append(cleared, s.Release)
		}
	}
	// Green makes room for 42; blue, which 42 replaces, stays empty.
	if want := []int{42, 0}; !slices.Equal(cleared, want) {
		t.Errorf("cleared for %v, want %v", cleared, want)
	}
}
