package compose

import (
	"context"
	"strings"
	"sync"

	"github.com/docker/compose/v5/pkg/api"

	"teal/internal/release"
)

// events turns the SDK's events into lines. The SDK sends some events twice
// and its Done flag is inverted (v5.5.1, compose.Run passes err != nil), so
// lines are kept apart by resource and text, and Done is not listened to: an
// operation has ended when its call returns.
type events struct {
	say  Say
	mu   sync.Mutex
	last map[string]string // resource ID → its last line
}

func newEvents(say Say) *events { return &events{say: say, last: map[string]string{}} }

// Start is part of api.EventProcessor.
func (*events) Start(context.Context, string) {}

// Done is part of api.EventProcessor.
func (*events) Done(string, bool) {}

// serial lets one line through at a time: the SDK reports from many
// goroutines, and whoever listens need not know.
func serial(say Say) Say {
	var mu sync.Mutex
	return func(t release.EventType, line string) {
		mu.Lock()
		defer mu.Unlock()
		say(t, line)
	}
}

// On says each change of a resource once. Errors are not said: the call that
// failed returns them.
func (e *events) On(resources ...api.Resource) {
	for _, r := range resources {
		if r.Status == api.Error || r.ParentID != "" || r.ID == api.ResourceCompose {
			continue
		}
		if text := lineOf(r); e.fresh(r.ID, text) {
			e.say(typeOf(r), text)
		}
	}
}

func (e *events) fresh(id, text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last[id] == text {
		return false
	}
	e.last[id] = text
	return true
}

func lineOf(r api.Resource) string {
	kind, name, found := strings.Cut(r.ID, " ")
	id := r.ID
	if found {
		id = strings.ToLower(kind) + " " + name
	}
	if r.Status == api.Warning {
		return id + ": " + r.Text
	}
	return id + " " + strings.ToLower(r.Text)
}

func typeOf(r api.Resource) release.EventType {
	if r.Status == api.Warning {
		return release.EventNote
	}
	return release.EventProgress
}
