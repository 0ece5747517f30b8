package probe

import (
	"context"
	"fmt"
	"time"
)

// stays is how long a container must have run to count as up.
const stays = time.Second

// upPoll is longer than poll, since the engine is asked.
const upPoll = 50 * time.Millisecond

// upQuestion is for services that answer nothing: good once the container has
// run for a second since its start. That it ends or restarts is the watcher's
// to notice.
type upQuestion struct {
	containers Containers
	id         string
	start      time.Time // by the engine's clock
	seen       time.Time // when that start was first heard of, by a clock that nobody sets
}

func (q *upQuestion) answers() int                     { return 1 }
func (q *upQuestion) pace(time.Duration) time.Duration { return upPoll }
func (q *upQuestion) subject() string                  { return "the container" }

func (q *upQuestion) ask(ctx context.Context) answer {
	c, err := q.containers.Inspect(ctx, q.id)
	if err != nil {
		return answer{fault: engineFault, text: "the engine can't tell: " + printable(err.Error(), shown)}
	}
	if !c.Running {
		return answer{fault: unstable, text: "the container is " + c.Status}
	}
	if !c.Started.Equal(q.start) {
		q.start, q.seen = c.Started, time.Now()
	}
	// The engine's clock may have been set back since the start.
	if age := max(time.Since(c.Started), time.Since(q.seen)); age < stays {
		return answer{fault: unstable, text: fmt.Sprintf("up for %s of %s", seconds(age), seconds(stays))}
	}
	return answer{good: true}
}
