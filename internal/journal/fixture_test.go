package journal

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"teal/internal/release"
)

// plan is the plan of every deploy here.
var plan = []release.Step{
	{Kind: release.StepPin, Release: 1, Subject: "back", Cause: "new images"},
	{Kind: release.StepStart, Color: release.Green, Release: 1, Subject: "green", Cause: "no release in green"},
	{Kind: release.StepHealthy, Color: release.Green, Subject: "green", Cause: "3 answers in a row from each of 2 replicas", Limit: time.Minute},
	{Kind: release.StepShift, Color: release.Green, Subject: "green=100", Cause: "was blue=100", Table: &release.Table{Green: 100}},
	{Kind: release.StepConfirm, Color: release.Green, Subject: "table green", Cause: "host nginx", Table: &release.Table{Green: 100}},
	{Kind: release.StepDrain, Color: release.Blue, Subject: "blue", Cause: "its requests end", Limit: 30 * time.Second},
	{Kind: release.StepStop, Color: release.Blue, Subject: "blue", Cause: "replaced by release 42"},
}

// opened opens the journal of root until the test ends.
func opened(t testing.TB, root string) *Journal {
	t.Helper()
	j, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// begin opens a deploy of voda that brings the release.
func begin(t testing.TB, j *Journal, number int) int64 {
	t.Helper()
	d := release.Deploy{App: "voda", Kind: release.KindDeploy, Release: number, By: "ana@host", PID: 123, Started: time.Now()}
	id, err := j.Begin(d, &release.Release{App: "voda", Number: number, Color: release.Green, Created: d.Started, By: d.By}, plan)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// spec is one of the size that compose models of a few services have.
func spec(number int) release.Spec {
	model := bytes.Repeat([]byte(`{"image":"registry.example/back:1.2.3","environment":{"SECRET":"s3cret"},"ports":[]},`), 60)
	return release.Spec{
		App: "voda", Number: number, Shared: model,
		Models: map[release.Color][]byte{release.Blue: model, release.Green: append(model, fmt.Sprint(number)...)},
		Images: map[string]string{"back": fmt.Sprintf("sha256:%064d", number)},
	}
}

// network is one with the given slots of voda's back.
func network(replicas int) release.Network {
	n := release.Network{Subnet: netip.MustParsePrefix("10.210.7.0/24"), Slots: map[release.Slot]netip.Addr{}}
	for r := 1; r <= replicas; r++ {
		n.Slots[release.Slot{Service: "back", Color: release.Green, Replica: r}] = netip.AddrFrom4([4]byte{10, 210, 7, byte(r + 1)})
	}
	return n
}

// receipt is one of usual size.
func receipt(number int) *release.Receipt {
	r := &release.Receipt{
		App: "voda", Kind: release.KindDeploy, Release: number, Color: release.Green, Replaced: number - 1,
		Outcome: release.OutcomeDone, Live: release.Green, Started: time.Unix(1700000000, int64(number)).UTC(), Took: 12345678 * time.Nanosecond,
		Clients: &release.Traffic{Requests: 1000 + number, ByColor: map[release.Color]int{release.Blue: 500, release.Green: 500}, ByStatus: map[string]int{"2xx": 1000}},
		Witness: &release.Witnessed{Sent: 200, Answered: 200, ByKind: map[string]int{"get": 100, "post": 100}, P50: time.Millisecond, P99: 3 * time.Millisecond},
	}
	for _, s := range plan {
		r.Steps = append(r.Steps, release.StepTook{Kind: s.Kind, Took: time.Duration(number) * time.Microsecond})
	}
	return r
}

// must ends the test on an error.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// deployed writes all that a deploy which goes well writes.
func deployed(t testing.TB, j *Journal, number int) {
	t.Helper()
	id := begin(t, j, number)
	for i, s := range plan {
		must(t, j.Intent(id, i+1, s))
		if s.Kind == release.StepPin {
			must(t, j.SaveSpec(spec(number)))
		}
		must(t, j.Result(id, i+1, ""))
	}
	must(t, j.SetState("voda", number, release.StateLive, release.Green, ""))
	must(t, j.Prune("voda", []int{number, number - 1, number - 2, number - 3, number - 4}))
	must(t, j.End(id, release.OutcomeDone, receipt(number)))
}

// history writes n deploys. It doesn't wait for the disk, which is not what
// its callers are about.
func history(t testing.TB, root string, n int) {
	t.Helper()
	j := opened(t, root)
	_, err := j.db.Exec("PRAGMA synchronous = OFF")
	must(t, err)
	for number := 1; number <= n; number++ {
		deployed(t, j, number)
	}
}
