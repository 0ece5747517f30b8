package plan

import (
	"testing"

	"teal/internal/release"
)

// adoptedWorld has an adopted site that no table leads into.
func adoptedWorld(first release.Color) release.Observed {
	app := testApp()
	app.Site.Adopted = &release.Adopted{First: first}
	return release.Observed{App: app, Next: 3, Routing: release.Routing{
		Adopted: true, Proxies: []release.ProxyState{{Name: "host nginx", Running: true, Generation: "interim", Wanted: "full"}},
	}}
}

// running puts a release into the color, one that was live or one that a killed
// deploy has left there.
func running(o release.Observed, c release.Color, state release.State) release.Observed {
	o.Engine.Colors = map[release.Color]release.ColorState{c: {Release: 2, Containers: []release.Container{{Service: "web", Color: c, Running: true, Release: 2}}}}
	o.Releases = []release.Release{{Number: 2, State: state}}
	return o
}

func TestAnAdoptedSiteWithoutATableIsReleasedBesideWhatServesOrMayServe(t *testing.T) {
	for name, one := range map[string]struct {
		o    release.Observed
		want release.Color
	}{
		"the first release":                              {adoptedWorld(release.None), release.Blue},
		"the first release, to the color that is free":   {adoptedWorld(release.Green), release.Green},
		"after a killed first deploy, into its color":    {running(adoptedWorld(release.Green), release.Green, release.StateStarting), release.Green},
		"its table removed by hand while green is up":    {running(adoptedWorld(release.Green), release.Green, release.StateLive), release.Blue},
		"its table removed by hand while blue is up":     {running(adoptedWorld(release.Blue), release.Blue, release.StateLive), release.Green},
		"the table of another site removed, blue serves": {besideTheTable(), release.Green},
	} {
		p, err := Build(one.o, Goal{Kind: release.KindDeploy, Number: 3})
		if err != nil || p.Color != one.want {
			t.Errorf("%s: goes to %q, want %s (%v)", name, p.Color, one.want, err)
		}
	}
}

// besideTheTable is a site of teal's own making without its table: nginx sends
// everyone to blue.
func besideTheTable() release.Observed {
	o := adoptedWorld(release.None)
	o.App.Site.Adopted, o.Routing.Adopted = nil, false
	return running(o, release.Blue, release.StateLive)
}
