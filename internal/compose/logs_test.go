package compose

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

// heard is what a follower of logs has passed on so far.
type heard struct {
	mu    sync.Mutex
	lines []string
	err   error
	done  chan struct{}
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// following follows the logs until the test ends, or leave is called.
func (s *stage) following(options LogOptions) (h *heard, leave func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	h = &heard{done: make(chan struct{})}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("heard %q", h.all())
		}
	})
	go func() {
		defer close(h.done)
		h.err = s.Logs(ctx, s.app, options, func(l LogLine) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.lines = append(h.lines, l.Source+" | "+l.Text)
		})
	}()
	leave = func() {
		cancel()
		<-h.done
		s.must(h.err)
	}
	return h, leave
}

func (s *stage) hears(h *heard, lines ...string) {
	s.t.Helper()
	s.eventually(strings.Join(lines, ", "), func() bool {
		have := h.all()
		return !slices.ContainsFunc(lines, func(line string) bool { return !slices.Contains(have, line) })
	})
}

func TestLogsAreFollowedUntilTheReaderLeaves(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n  store: {image: IMAGE, command: wait}\n", web)
	s.started(1, release.Green)
	h, leave := s.following(LogOptions{Follow: true})
	s.hears(h, "web-green-1 | serving green 1 1", "store | waiting")
	leave()
}

func TestContainersThatStartLaterAreFollowedToo(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n  store: {image: IMAGE, command: wait}\n", web)
	spec := s.started(1, release.Blue)
	h, leave := s.following(LogOptions{Follow: true})
	s.hears(h, "web-blue-1 | serving blue 1 1", "store | waiting")
	s.must(s.Start(t.Context(), s.app, spec, release.Green, quiet))
	s.hears(h, "web-green-1 | serving green 1 1")

	_, err := s.client.ContainerRestart(t.Context(), s.store().ID, client.ContainerRestartOptions{})
	s.must(err)
	s.must(s.Stop(t.Context(), s.app, release.Blue))
	s.must(s.Resume(t.Context(), s.app, spec, release.Blue, quiet))
	s.eventually("what is written after a restart", func() bool {
		have := h.all()
		count := func(line string) int {
			return len(slices.DeleteFunc(slices.Clone(have), func(l string) bool { return l != line }))
		}
		if count("web-blue-1 | serving blue 1 1") > 2 || count("store | waiting") > 2 || count("web-green-1 | serving green 1 1") > 1 {
			t.Fatalf("lines are passed on twice: %q", have)
		}
		return count("web-blue-1 | serving blue 1 1") == 2 && count("store | waiting") == 2 && count("store | done") > 0
	})
	leave()
}

func TestOnlyTheContainersAskedForAreFollowed(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n  back: {image: IMAGE, command: wait}\n  store: {image: IMAGE, command: wait}\n", web, release.Service{Name: "back", Replicas: 1})
	green, leaveGreen := s.following(LogOptions{Follow: true, Color: release.Green})
	waits, leaveBack := s.following(LogOptions{Follow: true, Service: "back"})
	spec := s.started(1, release.Blue)
	s.must(s.Start(t.Context(), s.app, spec, release.Green, quiet))
	s.hears(green, "web-green-1 | serving green 1 1", "back-green-1 | waiting")
	s.hears(waits, "back-blue-1 | waiting", "back-green-1 | waiting")
	leaveGreen()
	leaveBack()
	if got := len(green.all()) + len(waits.all()); got != 4 {
		t.Errorf("green: %q, back: %q", green.all(), waits.all())
	}
}
