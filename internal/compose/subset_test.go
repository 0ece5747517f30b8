package compose

import (
	"slices"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

const withBeat = `
services:
  web: {image: IMAGE}
  back: {image: IMAGE, command: wait}
  beat: {image: IMAGE, command: wait, depends_on: {web: {condition: service_healthy}, back: {condition: service_started}}}
`

func withBeatServices() []release.Service {
	return []release.Service{web, {Name: "back", Replicas: 1}, {Name: "beat", Replicas: 1, Handoff: release.HandoffStopFirst}}
}

// names are the color's services that have a container, and those that run.
func (s *stage) names(color release.Color) (there, run []string) {
	s.t.Helper()
	found, err := s.InColor(s.t.Context(), s.app, color)
	s.must(err)
	for _, c := range found {
		there = append(there, c.Service)
		if c.Running {
			run = append(run, c.Service)
		}
	}
	slices.Sort(there)
	slices.Sort(run)
	return there, run
}

func TestServicesStartedByNameLeaveTheOthersAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, withBeat, withBeatServices()...)
	spec := s.prepared(1)
	s.must(s.Start(t.Context(), s.app, spec, release.Green, quiet, "web"))
	if there, _ := s.names(release.Green); !slices.Equal(there, []string{"web"}) {
		t.Errorf("asked for web, green holds %q", there)
	}
	before := s.only(release.Green)

	s.must(s.Start(t.Context(), s.app, spec, release.Green, quiet, "beat"))
	if there, run := s.names(release.Green); !slices.Equal(there, []string{"beat", "web"}) || len(run) != 2 {
		t.Errorf("green holds %q, %q run: what beat depends on is not asked for", there, run)
	}
	if after := s.service(release.Green, "web"); after.ID != before.ID || !after.Started.Equal(before.Started) {
		t.Errorf("web was %+v and is %+v", before, after)
	}
}

func TestServicesStoppedAndResumedByNameLeaveTheOthersAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, withBeat, withBeatServices()...)
	spec := s.prepared(1)
	s.must(s.Start(t.Context(), s.app, spec, release.Blue, quiet, "web", "back"))
	s.must(s.Start(t.Context(), s.app, spec, release.Blue, quiet, "beat"))
	before := s.service(release.Blue, "web")

	s.must(s.Stop(t.Context(), s.app, release.Blue, "beat", "back"))
	if _, run := s.names(release.Blue); !slices.Equal(run, []string{"web"}) {
		t.Errorf("%q run, want web alone", run)
	}
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet, "beat"))
	if there, run := s.names(release.Blue); !slices.Equal(run, []string{"beat", "web"}) || len(there) != 3 {
		t.Errorf("%q of %q run, want beat and web", run, there)
	}
	if after := s.service(release.Blue, "web"); after.ID != before.ID || !after.Started.Equal(before.Started) {
		t.Errorf("web was %+v and is %+v", before, after)
	}
}

// TestAServiceMadeAnewLeavesTheStoppedOnesWhereTheyLie: the network of a
// stopped beat is gone, so beat can't start as it is.
func TestAServiceMadeAnewLeavesTheStoppedOnesWhereTheyLie(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n  back: {image: IMAGE, command: wait}\n  beat: {image: IMAGE, command: wait, networks: [extra]}\nnetworks: {extra: {}}\n", withBeatServices()...)
	spec := s.started(1, release.Blue)
	s.must(s.Stop(t.Context(), s.app, release.Blue, "beat", "back"))
	lying, before := s.service(release.Blue, "back"), s.service(release.Blue, "beat")
	_, err := s.client.NetworkRemove(t.Context(), s.app.Name+"_extra", client.NetworkRemoveOptions{})
	s.must(err)
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet, "beat"))
	if after := s.service(release.Blue, "beat"); !after.Running || after.ID == before.ID {
		t.Errorf("beat was %+v and is %+v", before, after)
	}
	if after := s.service(release.Blue, "back"); after.ID != lying.ID || after.Running {
		t.Errorf("back was %+v and is %+v", lying, after)
	}
}
