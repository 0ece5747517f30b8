package term

import (
	"encoding/json"
	"strings"
	"testing"

	"teal/internal/release"
)

func standingView() StatusView {
	return StatusView{
		App: "voda", Live: release.Green,
		Shares: map[release.Color]int{release.Blue: 0, release.Green: 100},
		Colors: map[release.Color]ColorView{
			release.Blue: {Release: 41, State: "standby", Services: []ServiceView{{Name: "app", Wanted: 2}, {Name: "back", Wanted: 1}}},
			release.Green: {Release: 42, State: "live", Healthy: true, Services: []ServiceView{
				{Name: "app", Running: 2, Wanted: 2}, {Name: "back", Running: 0, Wanted: 1, Note: "exited 1\x1b[2J"}}},
		},
		Shared:  []ServiceView{{Name: "postgres", Running: 1, Wanted: 1}},
		Proxies: []ProxyView{{Name: "host nginx", Version: "1.22.1", Running: true, Current: true}, {Name: "edge nginx", Note: "config broken"}},
		Deploy:  &DeployView{Kind: release.KindDeploy, Release: 43, By: "ana@host", PID: 123, Started: noon, Step: "step 4 of 9: start blue", Running: true},
	}
}

func TestStatusTellsWhereTheAppStands(t *testing.T) {
	killed := standingView()
	killed.Deploy.Running = false
	killed.Colors[release.Green] = ColorView{Release: 42, State: "live"}
	var b strings.Builder
	for _, v := range []StatusView{standingView(), killed, {App: "new"}} {
		if err := Status(&b, v); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
	}
	golden(t, "status.txt", b.String())
}

func TestStatusJSONHasTheShapeThatProgramsRelyOn(t *testing.T) {
	got, err := json.MarshalIndent(standingView(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", string(got)+"\n")
}

func TestHistoryListsReleases(t *testing.T) {
	var b strings.Builder
	err := History(&b, []release.Release{
		{Number: 43, State: release.StateFailed, Color: release.Blue, Created: noon, By: "ana@host", Reason: "back-blue-1 never got healthy\x07"},
		{Number: 42, State: release.StateLive, Color: release.Green, Created: noon.AddDate(0, 0, -1), By: "ci@runner"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := History(&b, nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "history.txt", b.String())
}
