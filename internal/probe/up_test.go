package probe

import (
	"context"
	"testing"
	"time"

	"teal/internal/release"
)

// setBack is an engine whose clock was set back an hour after the container's
// start.
type setBack struct{ Containers }

func (setBack) Inspect(context.Context, string) (release.Container, error) {
	return release.Container{Running: true, Status: "running", Started: time.Now().Add(time.Hour).Truncate(time.Hour)}, nil
}

func TestAContainerIsUpAfterASecondWhateverTheClockIsSetTo(t *testing.T) {
	t.Parallel()
	q := &upQuestion{containers: setBack{}}
	first := q.ask(t.Context())
	if first.good {
		t.Error("up before it was watched")
	}
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(upPoll)
	defer tick.Stop()
	for !q.ask(t.Context()).good {
		select {
		case <-deadline:
			t.Fatal("never up")
		case <-tick.C:
		}
	}
}
