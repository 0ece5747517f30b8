package compose

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

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

// clinging is an engine that holds on to the endpoint of a container that is
// gone: what it says of one network is what the real engine says of another,
// in which a container runs. The real one gets there only by dying.
type clinging struct {
	client.APIClient
	network, used string
}

func (c clinging) NetworkRemove(ctx context.Context, name string, o client.NetworkRemoveOptions) (client.NetworkRemoveResult, error) {
	if name == c.network {
		name = c.used
	}
	return c.APIClient.NetworkRemove(ctx, name, o)
}

func TestANetworkThatOnlyTheEngineTakesForInUseIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	s.started(1, release.Green)
	name := privateNetwork(s.app.Name, release.Green)
	e := &Engine{client: clinging{s.client, name, release.NetworkName(s.app.Name)}, root: s.root}
	e.Tell(s.say)
	s.said = nil
	s.must(e.Clear(t.Context(), s.app, release.Green))
	if len(s.said) != 1 || !strings.HasPrefix(s.said[0], "network "+name+" stays: ") {
		t.Errorf("said %q", s.said)
	}
	s.started(2, release.Green)
	if got := s.get(release.Slot{Service: "web", Color: release.Green, Replica: 1}); got != "green 2 " {
		t.Errorf("in the network that stayed web answers %q", got)
	}
}

func TestANetworkThatAStrangerIsInIsNotCleared(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	s.started(1, release.Green)
	name := privateNetwork(s.app.Name, release.Green)
	id := s.stranger(s.app.Name+"-else", "other")
	_, err := s.client.NetworkConnect(t.Context(), name, client.NetworkConnectOptions{Container: id})
	s.must(err)
	if err := s.Clear(t.Context(), s.app, release.Green); !inUse(err) || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v", err)
	}
	_, err = s.client.NetworkDisconnect(t.Context(), name, client.NetworkDisconnectOptions{Container: id})
	s.must(err)
	s.must(s.Clear(t.Context(), s.app, release.Green))
}
