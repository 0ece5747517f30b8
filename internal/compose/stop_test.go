package compose

import (
	"slices"
	"testing"

	"teal/internal/release"
)

func TestAContainerThatIgnoresItsSignalIsKilledAndNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  web: {image: IMAGE, command: deaf, stop_grace_period: 1s}
  back: {image: IMAGE, command: wait, stop_grace_period: 1s}
  brief: {image: IMAGE, command: deaf, stop_signal: SIGKILL}
`, web, release.Service{Name: "back", Replicas: 1}, release.Service{Name: "brief", Replicas: 1})
	s.started(1, release.Blue)
	s.eventually("all have begun", func() bool {
		lines, err := s.Tail(t.Context(), s.app, release.Blue, 1)
		s.must(err)
		return len(lines) == 3
	})
	s.Tell(s.say)
	s.said = nil
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	if c := s.service(release.Blue, "web"); c.Running || c.ExitCode != 137 {
		t.Errorf("web is %+v", c)
	}
	want := "container " + s.app.Name + "-blue-web-blue-1 did not end within 1s of SIGTERM and was killed; let web end on that signal, or give it a longer stop_grace_period"
	if !slices.Equal(s.said, []string{want}) {
		t.Errorf("said %q, want %q", s.said, want)
	}
}
