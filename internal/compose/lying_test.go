package compose

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

// startedIn are the names of what was said to be started, in order.
func startedIn(said []string) []string {
	var out []string
	for _, line := range said {
		if name, found := strings.CutSuffix(line, " started"); found {
			_, service, _ := strings.Cut(name, "-blue-")
			out = append(out, service)
		}
	}
	return out
}

func TestAColorWhoseReleaseIsForgottenResumesInTheOrderOfItsLabels(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  alpha: {image: IMAGE, command: wait, depends_on: {zeta: {condition: service_healthy}}}
  beta: {image: IMAGE, command: wait}
  zeta: {image: IMAGE, command: wait, healthcheck: {test: [CMD, /app, resolve, localhost], interval: 1s}}
`, release.Service{Name: "alpha", Replicas: 1}, release.Service{Name: "beta", Replicas: 1}, release.Service{Name: "zeta", Replicas: 1})
	s.started(1, release.Blue)
	before := s.service(release.Blue, "alpha")
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.said = nil
	lost := release.Spec{App: s.app.Name, Number: 1}
	s.must(s.Resume(t.Context(), s.app, lost, release.Blue, s.say))
	if got, want := startedIn(s.said), []string{"beta-blue-1", "zeta-blue-1", "alpha-blue-1"}; !slices.Equal(got, want) {
		t.Errorf("started %q, want %q", got, want)
	}
	after := s.service(release.Blue, "alpha")
	if after.ID != before.ID || !after.Running || after.Addr != before.Addr || s.service(release.Blue, "zeta").Health != "healthy" {
		t.Errorf("was %+v, is %+v", before, after)
	}
}

func TestServicesOfAForgottenReleaseAreResumedByName(t *testing.T) {
	t.Parallel()
	s := newStage(t, withBeat, withBeatServices()...)
	s.started(1, release.Blue)
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.must(s.Resume(t.Context(), s.app, release.Spec{}, release.Blue, quiet, "beat"))
	if _, run := s.names(release.Blue); !slices.Equal(run, []string{"beat"}) {
		t.Errorf("%q run, want beat alone", run)
	}
	s.must(s.Resume(t.Context(), s.app, release.Spec{}, release.Blue, quiet))
	if _, run := s.names(release.Blue); len(run) != 3 {
		t.Errorf("%q run, want all", run)
	}
}

func TestSharedServicesOfAForgottenReleaseAreStarted(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	s.started(1, release.Blue)
	before := s.store()
	_, err := s.client.ContainerStop(t.Context(), before.ID, client.ContainerStopOptions{})
	s.must(err)
	s.must(s.Shared(t.Context(), s.app, release.Spec{App: s.app.Name, Number: 1}, s.say))
	if after := s.store(); after.ID != before.ID || !after.Running {
		t.Errorf("was %+v, is %+v", before, after)
	}
	if !slices.Contains(s.said, "container "+before.Name+" started") {
		t.Errorf("said %q", s.said)
	}
}

func TestAForgottenReleaseThatCannotBeStartedSaysSo(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	s.started(1, release.Blue)
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.must(s.removeNetwork(t.Context(), privateNetwork(s.app.Name, release.Blue)))
	known(t, s.Resume(t.Context(), s.app, release.Spec{}, release.Blue, quiet), release.Gate)
	if there, _ := s.names(release.Blue); !slices.Equal(there, []string{"web"}) {
		t.Errorf("blue holds %q", there)
	}
	e := known(t, s.Start(t.Context(), s.app, release.Spec{}, release.Green, quiet), release.Gate)
	if !strings.Contains(e.What, s.app.Name+"-green are made from is no longer known") {
		t.Errorf("got %q", e.What)
	}
}
