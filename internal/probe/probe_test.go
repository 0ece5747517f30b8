package probe

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"teal/internal/release"
)

// gate1 expects the round to fail and returns its error.
func gate1(t *testing.T, targets ...release.Target) *release.Error {
	t.Helper()
	err := New(docker).Healthy(t.Context(), targets, func(release.EventType, string) {})
	var e *release.Error
	if !errors.As(err, &e) {
		t.Fatalf("want a gate error, got %v", err)
	}
	t.Logf("what: %s\ndetail:\n  %s\nnext: %s", e.What, strings.Join(e.Detail, "\n  "), e.Next)
	return e
}

// pass expects the round to pass and returns what was said.
func pass(t *testing.T, targets ...release.Target) string {
	t.Helper()
	var said notes
	if err := New(docker).Healthy(t.Context(), targets, said.say); err != nil {
		var e *release.Error
		if errors.As(err, &e) {
			t.Logf("%s", strings.Join(e.Detail, "\n"))
		}
		t.Fatal(err)
	}
	return said.text()
}

// notes keeps what is said.
type notes struct {
	mu    sync.Mutex
	lines []string
	heard func(string)
}

func (n *notes) say(_ release.EventType, line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
	if n.heard != nil {
		n.heard(line)
	}
}

func (n *notes) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

func details(e *release.Error) string { return strings.Join(e.Detail, "\n") }

func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in %q", p, text)
		}
	}
}

func TestNoTargetsAreHealthy(t *testing.T) { pass(t) }

func TestACancelledWaitReturnsTheContextsError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	said := notes{heard: func(string) { cancel() }}
	err := New(docker).Healthy(ctx, []release.Target{on(deadAddr(t), release.Health{Kind: release.HealthTCP})}, said.say)
	if !errors.Is(err, context.Canceled) || release.CodeOf(err) == release.Gate {
		t.Errorf("got %v", err)
	}
	wantIn(t, said.text(), "web-green-1: connection refused on 127.0.0.1:")
}

func TestTheFirstOfTheTargetsIsToldAndTheOthersAreListed(t *testing.T) {
	t.Parallel()
	health := release.Health{Kind: release.HealthTCP, Timeout: short}
	var targets []release.Target
	for n := range 3 {
		target := on(deadAddr(t), health)
		target.Slot.Replica = n + 1
		targets = append(targets, target)
	}
	err := gate1(t, targets...)
	wantIn(t, err.What, "web-green-1 never got healthy in "+limit(short)+": connection refused")
	wantIn(t, details(err), "web-green-2 is not ready either: connection refused", "web-green-3 is not ready either")
}
