package compose

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

var web = release.Service{Name: "web", Port: 8080, Replicas: 1}

// get asks the container at its slot's address, as nginx will.
func (s *stage) get(slot release.Slot) string {
	s.t.Helper()
	return s.getAt(fmt.Sprintf("%s:8080", s.net.Addr(slot)))
}

func (s *stage) getAt(addr string) string {
	s.t.Helper()
	var body []byte
	s.eventually("an answer of "+addr, func() bool {
		answer, err := http.Get("http://" + addr + "/")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, err = io.ReadAll(answer.Body)
		return err == nil
	})
	return string(body)
}

func TestBothColorsServeAtTheirAddressesAndResolveOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  web: {image: IMAGE, environment: {GREETING: "hello ${TEAL_COLOR}"}, depends_on: [back]}
  back: {image: IMAGE, ports: ["18080:8080"], container_name: the-back, hostname: back}
  store: {image: IMAGE, command: wait}
`, release.Service{Name: "web", Port: 8080, Replicas: 2}, release.Service{Name: "back", Port: 8080, Replicas: 1})
	s.started(1, release.Blue)
	s.started(2, release.Green)

	for number, color := range map[int]release.Color{1: release.Blue, 2: release.Green} {
		for _, replica := range []int{1, 2} {
			want := fmt.Sprintf("%s %d hello %s", color, number, color)
			if got := s.get(release.Slot{Service: "web", Color: color, Replica: replica}); got != want {
				t.Errorf("web %s %d answers %q, want %q", color, replica, got, want)
			}
		}
	}
	s.resolvesItsOwn()
}

func (s *stage) resolvesItsOwn() {
	s.t.Helper()
	for _, color := range release.Colors {
		other := color.Other()
		back := s.net.Addr(release.Slot{Service: "back", Color: color, Replica: 1}).String()
		foreign := s.net.Addr(release.Slot{Service: "back", Color: other, Replica: 1}).String()
		c := s.service(color, "web")
		if got := s.in(c, "resolve", "back-"+string(color)); !strings.Contains(got, back) {
			s.t.Errorf("%s: back-%s resolves to %q, want %s among it", color, color, got, back)
		}
		if got := s.in(c, "resolve", "back-"+string(other)); got != foreign {
			s.t.Errorf("%s: back-%s resolves to %q, want %s", color, other, got, foreign)
		}
		if got := strings.Fields(s.in(c, "resolve", "back")); len(got) != 1 || got[0] == foreign || !s.private(color, got[0]) {
			s.t.Errorf("%s: back resolves to %q, want one address in its private network", color, got)
		}
		if got := s.in(c, "resolve", "store"); strings.HasPrefix(got, "exit") {
			s.t.Errorf("%s: the shared service has no name: %s", color, got)
		}
	}
}

// private reports whether the address is in the color's own network.
func (s *stage) private(color release.Color, addr string) bool {
	found, err := s.client.NetworkInspect(s.t.Context(), privateNetwork(s.app.Name, color), client.NetworkInspectOptions{})
	s.must(err)
	for _, c := range found.Network.Containers {
		if strings.HasPrefix(c.IPv4Address.String(), addr+"/") && strings.Contains(c.Name, "back") {
			return true
		}
	}
	return false
}

func TestObserveSeesWhatRunsAndWhere(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, healthcheck: {test: [CMD, /app, resolve, localhost], interval: 1s}}\n  store: {image: IMAGE, command: wait}\n", web)
	s.started(3, release.Green)
	o, err := s.Observe(t.Context(), s.app)
	s.must(err)

	green := o.Colors[release.Green]
	if green.Release != 3 || green.Mixed || !green.Up(s.app.Services) || !o.Colors[release.Blue].Empty() {
		t.Errorf("colors: %+v", o.Colors)
	}
	c := green.Containers[0]
	if c.Service != "web" || c.Color != release.Green || c.Replica != 1 || c.Addr != s.net.Addr(release.Slot{Service: "web", Color: release.Green, Replica: 1}) {
		t.Errorf("container: %+v", c)
	}
	if c.PID == 0 || c.Started.IsZero() || !c.Finished.IsZero() || !c.HasCheck || c.Check[0] != "CMD" || c.Health == "" {
		t.Errorf("container: %+v", c)
	}
	if len(o.Shared) != 1 || o.Shared[0].Service != "store" || o.Shared[0].Color != release.None {
		t.Errorf("shared: %+v", o.Shared)
	}
	if o.Network.Subnet != s.net.Subnet || slices.Contains(o.Taken, s.net.Subnet) || len(o.Taken) == 0 || o.Version == "" {
		t.Errorf("network %+v, taken %v, version %q", o.Network, o.Taken, o.Version)
	}
}

func TestAStoppedColorResumesAtItsAddress(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.started(1, release.Blue)
	before := s.only(release.Blue)
	s.get(release.Slot{Service: "web", Color: release.Blue, Replica: 1}) // it listens to signals by now
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.must(s.Stop(t.Context(), s.app, release.Blue)) // again: idempotent
	stopped := s.only(release.Blue)
	if stopped.Running || stopped.Addr != before.Addr || stopped.ExitCode != 0 {
		t.Errorf("stopped: %+v", stopped)
	}
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	after := s.only(release.Blue)
	if !after.Running || after.ID != before.ID || after.Addr != before.Addr {
		t.Errorf("resumed %+v, was %+v", after, before)
	}
	s.get(release.Slot{Service: "web", Color: release.Blue, Replica: 1})
}

func TestAStoppedColorResumesAfterItsNetworkWasPruned(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.started(1, release.Blue)
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.must(s.removeNetwork(t.Context(), privateNetwork(s.app.Name, release.Blue)))
	s.must(s.removeNetwork(t.Context(), release.NetworkName(s.app.Name)))
	s.must(s.Network(t.Context(), s.app, s.net))
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	if got := s.get(release.Slot{Service: "web", Color: release.Blue, Replica: 1}); got != "blue 1 " {
		t.Errorf("answers %q", got)
	}
}

func TestAStartKilledInTheMiddleIsClearedWhole(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, depends_on: [back]}\n  back: {image: IMAGE}\n", release.Service{Name: "web", Replicas: 3}, release.Service{Name: "back", Replicas: 1})
	spec := s.prepared(1)
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	err := s.Start(ctx, s.app, spec, release.Green, func(_ release.EventType, line string) {
		if strings.HasSuffix(line, "started") {
			kill()
		}
	})
	if err == nil {
		t.Fatal("a start whose context ended says it is done")
	}
	s.must(s.Clear(t.Context(), s.app, release.Green))
	s.must(s.Clear(t.Context(), s.app, release.Green)) // again: idempotent
	for _, left := range s.everything(t.Context()) {
		if strings.Contains(left, "-green") {
			t.Errorf("left behind: %s", left)
		}
	}
	s.must(s.Start(t.Context(), s.app, spec, release.Green, quiet))
	found, err := s.InColor(t.Context(), s.app, release.Green)
	s.must(err)
	if state := (release.ColorState{Containers: found}); !state.Up(s.app.Services) {
		t.Errorf("after starting again: %+v", found)
	}
}

func TestAColorThatIsVacatedLeavesItsNetworkToTheNextRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	s.started(1, release.Green)
	before, err := s.client.NetworkInspect(t.Context(), privateNetwork(s.app.Name, release.Green), client.NetworkInspectOptions{})
	s.must(err)
	s.must(s.Vacate(t.Context(), s.app, release.Green))
	if found, err := s.InColor(t.Context(), s.app, release.Green); err != nil || len(found) > 0 {
		t.Errorf("left behind: %v %v", found, err)
	}
	s.started(2, release.Green)
	after, err := s.client.NetworkInspect(t.Context(), privateNetwork(s.app.Name, release.Green), client.NetworkInspectOptions{})
	s.must(err)
	if after.Network.ID != before.Network.ID {
		t.Error("the private network was made anew")
	}
	if got := s.get(release.Slot{Service: "web", Color: release.Green, Replica: 1}); got != "green 2 " {
		t.Errorf("answers %q", got)
	}
}

func TestAReleaseRunsAgainAfterTheComposeFileChanged(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, environment: {GREETING: old}}\n", web)
	spec := s.prepared(1)
	s.write("services:\n  other: {image: nothing}\n")
	s.must(s.Shared(t.Context(), s.app, spec, s.say))
	s.must(s.Start(t.Context(), s.app, spec, release.Green, quiet))
	if got := s.get(release.Slot{Service: "web", Color: release.Green, Replica: 1}); got != "green 1 old" {
		t.Errorf("answers %q", got)
	}
}

func TestADependencyThatMustBeHealthyIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  web: {image: IMAGE, depends_on: {back: {condition: service_healthy}, job: {condition: service_completed_successfully}}}
  back: {image: IMAGE, healthcheck: {test: [CMD, /app, resolve, localhost], interval: 1s}}
  job: {image: IMAGE, command: exit 0}
`, web, release.Service{Name: "back", Replicas: 1}, release.Service{Name: "job", Replicas: 1})
	s.started(1, release.Blue)
	found, err := s.InColor(t.Context(), s.app, release.Blue)
	s.must(err)
	for _, c := range found {
		if c.Service == "back" && c.Health != "healthy" || c.Service == "job" && c.Status != "exited" {
			t.Errorf("%s is %s %s while web runs", c.Service, c.Status, c.Health)
		}
	}
}

func TestADependencyThatFailsShowsItsLastLines(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, depends_on: {job: {condition: service_completed_successfully}}}\n  job: {image: IMAGE, command: exit 3}\n",
		web, release.Service{Name: "job", Replicas: 1})
	err := s.Start(t.Context(), s.app, s.prepared(1), release.Blue, quiet)
	e := known(t, err, release.Gate)
	if !strings.Contains(e.What, "exited with code 3") || !slices.Contains(e.Detail, "leaving with 3") {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}

func TestWhatDockerRefusesToStartIsSaidInItsWords(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, entrypoint: [/no/such/binary]}\n", web)
	err := s.Start(t.Context(), s.app, s.prepared(1), release.Blue, quiet)
	e := known(t, err, release.Gate)
	if !strings.Contains(strings.Join(e.Detail, "\n"), "/no/such/binary") {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}

func TestAProjectThatTealDidNotMakeIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	stranger := s.stranger(projectOf(s.app.Name, release.Green), "web")
	_, err := s.Observe(t.Context(), s.app)
	if e := known(t, err, release.Invalid); !strings.Contains(e.What, s.app.Name+"-green exists and teal did not make it") {
		t.Errorf("got %q", e.What)
	}
	known(t, s.Start(t.Context(), s.app, spec, release.Green, quiet), release.Invalid)
	known(t, s.Stop(t.Context(), s.app, release.Green), release.Invalid)
	known(t, s.Clear(t.Context(), s.app, release.Green), release.Invalid)
	c, err := s.Containers().Inspect(t.Context(), stranger)
	s.must(err)
	if !c.Running {
		t.Errorf("the stranger is %s", c.Status)
	}
}

func TestTheLastLinesNameTheirContainer(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n  store: {image: IMAGE, command: wait}\n", release.Service{Name: "web", Replicas: 2})
	s.started(1, release.Green)
	var got []string
	s.eventually("both replicas' first lines", func() bool {
		var err error
		got, err = s.Tail(t.Context(), s.app, release.Green, 5)
		s.must(err)
		return len(got) == 2
	})
	if want := []string{"web-green-1 | serving green 1 1", "web-green-2 | serving green 1 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
