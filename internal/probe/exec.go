package probe

import (
	"context"
	"fmt"
	"path"
	"time"

	"teal/internal/release"
)

// dockerLimit is how long a HEALTHCHECK command may run: Docker's own default
// for --timeout. The container's own value isn't known here.
const dockerLimit = 30 * time.Second

// execQuestion runs a command in the container; exit code 0 is good. Its
// arguments may hold passwords, so only the program's name is ever shown.
type execQuestion struct {
	containers Containers
	id         string
	command    []string
	name       string
	need       int
	each       time.Duration
}

func newExec(c Containers, t release.Target) question {
	if len(t.Health.Command) == 0 {
		return impossible("the exec check has no command")
	}
	return &execQuestion{
		containers: c, id: t.Container.ID, command: t.Health.Command,
		name: path.Base(t.Health.Command[0]), need: t.Health.Answers, each: t.Health.Request,
	}
}

// newDocker asks the image's HEALTHCHECK at our pace: Docker's interval is
// 30 s unless set, far too slow for a deploy. Only our own runs of the
// command count. Docker's "healthy" may be as old as its interval and is one
// answer where several in a row are wanted; its "unhealthy" may come from a
// slow start, and turns back. Both are evidence, neither is a verdict.
func newDocker(c Containers, t release.Target) question {
	command := checkCommand(t.Container)
	if command == nil {
		return impossible("the image has no HEALTHCHECK")
	}
	return &execQuestion{
		containers: c, id: t.Container.ID, command: command,
		name: "HEALTHCHECK", need: t.Health.Answers, each: max(t.Health.Request, dockerLimit),
	}
}

func hasCheck(c release.Container) bool { return c.HasCheck && checkCommand(c) != nil }

// checkCommand is the argument vector of a HEALTHCHECK, nil for none. CMD-SHELL
// is run as Docker runs it: by the shell inside the container (moby
// daemon/health.go), the image's own check in the image's own world.
func checkCommand(c release.Container) []string {
	if len(c.Check) < 2 {
		return nil
	}
	switch c.Check[0] {
	case "CMD":
		return c.Check[1:]
	case "CMD-SHELL":
		return []string{"/bin/sh", "-c", c.Check[1]}
	}
	return nil
}

func (q *execQuestion) answers() int    { return q.need }
func (q *execQuestion) subject() string { return q.name }

// pace lets the container rest as long as the command took: a check that
// starts a runtime must not take the processor from the start it waits for.
func (q *execQuestion) pace(took time.Duration) time.Duration {
	return min(max(took, poll), 2*time.Second)
}

func (q *execQuestion) ask(ctx context.Context) answer {
	ctx, cancel := context.WithTimeout(ctx, q.each)
	defer cancel()
	code, output, err := q.containers.Exec(ctx, q.id, q.command)
	switch {
	case err != nil && ctx.Err() != nil:
		return answer{fault: silent, text: fmt.Sprintf("%s did not end in %s", q.name, limit(q.each))}
	case err != nil:
		return answer{fault: engineFault, text: q.name + " could not be run", output: printable(err.Error(), shown)}
	case code != 0:
		text := fmt.Sprintf("%s exited with code %d", q.name, code)
		return answer{fault: failedExec, text: text, exit: code, output: printable(output, shown)}
	}
	return answer{good: true}
}

// impossible is a check that can't be made: it never gets a good answer.
type impossible string

func (q impossible) ask(context.Context) answer       { return answer{fault: unaskable, text: string(q)} }
func (q impossible) answers() int                     { return 1 }
func (q impossible) pace(time.Duration) time.Duration { return poll }
func (q impossible) subject() string                  { return string(q) }
