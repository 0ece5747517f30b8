package compose

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// What a person may do to an app's containers and networks behind teal's
// back, and what becomes of it.

func TestAContainerRenamedAndRestartedByHandIsStillTheColors(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.started(1, release.Blue)
	before := s.only(release.Blue)
	_, err := s.client.ContainerRename(t.Context(), before.ID, client.ContainerRenameOptions{NewName: s.app.Name + "-renamed"})
	s.must(err)
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	after := s.only(release.Blue)
	if after.ID != before.ID || !after.Started.Equal(before.Started) || after.Service != "web" || after.Addr != before.Addr {
		t.Errorf("was %+v, is %+v", before, after)
	}
	_, err = s.client.ContainerRestart(t.Context(), before.ID, client.ContainerRestartOptions{})
	s.must(err)
	if again := s.only(release.Blue); again.ID != before.ID || again.Addr != before.Addr || !again.Running {
		t.Errorf("was %+v, is %+v after a restart", before, again)
	}
	s.get(release.Slot{Service: "web", Color: release.Blue, Replica: 1})
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.must(s.Clear(t.Context(), s.app, release.Blue))
	if there, _ := s.names(release.Blue); len(there) > 0 {
		t.Errorf("left %q", there)
	}
}

func TestAContainerTakenOutOfTheAppsNetworkComesBackToItsAddress(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.started(1, release.Blue)
	before := s.only(release.Blue)
	_, err := s.client.NetworkDisconnect(t.Context(), release.NetworkName(s.app.Name), client.NetworkDisconnectOptions{Container: before.ID})
	s.must(err)
	if lost := s.only(release.Blue); lost.Addr.IsValid() {
		t.Errorf("observed at %s", lost.Addr)
	}
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	after := s.only(release.Blue)
	if after.ID != before.ID || !after.Started.Equal(before.Started) || after.Addr != before.Addr {
		t.Errorf("was %+v, is %+v", before, after)
	}
	s.get(release.Slot{Service: "web", Color: release.Blue, Replica: 1})
}

func TestAPausedContainerDoesNotRunAndIsResumed(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.started(1, release.Blue)
	pause := func() {
		_, err := s.client.ContainerPause(t.Context(), s.only(release.Blue).ID, client.ContainerPauseOptions{})
		s.must(err)
	}
	pause()
	if c := s.only(release.Blue); c.Running || c.Status != "paused" {
		t.Errorf("got %+v", c)
	}
	before := s.only(release.Blue)
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	if after := s.only(release.Blue); !after.Running || !after.Started.Equal(before.Started) {
		t.Errorf("was %+v, is %+v", before, after)
	}
	pause()
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	if c := s.only(release.Blue); c.Status != "exited" {
		t.Errorf("a paused container is %s after a stop", c.Status)
	}
}

func TestAContainerThatDockerComposeMadeInAColorIsNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.started(1, release.Green)
	stranger := s.stranger(projectOf(s.app.Name, release.Green), "web")
	name := projectOf(s.app.Name, release.Green) + "-web-1"
	_, err := s.Observe(t.Context(), s.app)
	e := known(t, err, release.Invalid)
	if !strings.HasPrefix(e.What, "container "+name+" is in teal's compose project") || e.Next != "docker rm -f "+name+", then run the command again" {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
	known(t, s.Clear(t.Context(), s.app, release.Green), release.Invalid)
	_, err = s.client.ContainerRemove(t.Context(), stranger, client.ContainerRemoveOptions{Force: true})
	s.must(err)
	s.must(s.Resume(t.Context(), s.app, spec, release.Green, quiet))
	s.only(release.Green)
}

func TestANetworkMadeAnewByHandIsNamedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	before := s.net
	name := release.NetworkName(s.app.Name)
	_, err := s.client.NetworkRemove(t.Context(), name, client.NetworkRemoveOptions{})
	s.must(err)
	s.network() // another subnet
	e := known(t, s.Start(t.Context(), s.app, spec, release.Blue, quiet), release.Invalid)
	if want := "docker network " + name + " has subnet " + s.net.Subnet.String() + ", but the app's addresses are in " + before.Subnet.String(); e.What != want {
		t.Errorf("got %q, want %q", e.What, want)
	}
	if there, _ := s.names(release.Blue); len(there) > 0 {
		t.Errorf("blue holds %q", there)
	}
}

func TestANetworkOfTheAppsNameThatIsNotItsOwnIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	name := release.NetworkName(s.app.Name)
	_, err := s.client.NetworkRemove(t.Context(), name, client.NetworkRemoveOptions{})
	s.must(err)
	_, err = s.client.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{})
	s.must(err)
	_, err = s.Observe(t.Context(), s.app)
	if e := known(t, err, release.Invalid); e.What != "docker network "+name+" exists and teal did not make it" {
		t.Errorf("got %q", e.What)
	}
}

func TestTheAppsNetworkHasTheOptionsOfTheFilesDefaultNetwork(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\nnetworks: {default: {driver_opts: {com.docker.network.driver.mtu: '1400', com.docker.network.bridge.name: mine}}}\n", web)
	found, err := s.client.NetworkInspect(t.Context(), release.NetworkName(s.app.Name), client.NetworkInspectOptions{})
	s.must(err)
	if diff := cmp.Diff(map[string]string{"com.docker.network.driver.mtu": "1400"}, found.Network.Options); diff != "" {
		t.Error(diff)
	}
}

func TestHooksRunAfterTheStartAndBeforeTheStop(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  web:
    image: IMAGE
    volumes: ["data:/data"]
    post_start: [{command: [/app, write, /data/begun, "yes"]}]
    pre_stop:
      - {command: [/app, write, /data/ended, "${TEAL_COLOR}"]}
      - {command: [/app, exit, "7"]}
volumes: {data: {}}
`, web)
	spec := s.started(1, release.Blue)
	if got := s.in(s.only(release.Blue), "read", "/data/begun"); got != "yes" {
		t.Errorf("post_start left %q", got)
	}
	s.Tell(s.say)
	s.said = nil
	s.must(s.Stop(t.Context(), s.app, release.Blue)) // though the second hook fails
	name := s.app.Name + "-blue-web-blue-1"
	if want := []string{"pre_stop hook /app exit 7 of container " + name + " failed: code 7 leaving with 7; the container is stopped all the same"}; !slices.Equal(s.said, want) {
		t.Errorf("said %q, want %q", s.said, want)
	}
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	if got := s.in(s.only(release.Blue), "read", "/data/ended"); got != "blue" {
		t.Errorf("pre_stop left %q", got)
	}
}

func TestALostEndpointOfASharedServiceIsRestored(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	spec := s.started(1, release.Blue)
	before := s.store()
	_, err := s.client.NetworkDisconnect(t.Context(), release.NetworkName(s.app.Name), client.NetworkDisconnectOptions{Container: before.ID})
	s.must(err)
	s.must(s.Shared(t.Context(), s.app, spec, s.say))
	if after := s.store(); after.ID != before.ID || !after.Started.Equal(before.Started) || !after.Addr.IsValid() {
		t.Errorf("was %+v, is %+v", before, after)
	}
	if got := s.in(s.only(release.Blue), "resolve", "store"); strings.HasPrefix(got, "exit") {
		t.Error("store is not found by its name")
	}
}
