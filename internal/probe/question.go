package probe

import (
	"context"
	"time"

	"teal/internal/release"
)

// question is one kind of health check of one target.
type question interface {
	// ask asks once, bounded by Health.Request.
	ask(ctx context.Context) answer
	// answers is how many good ones in a row are wanted.
	answers() int
	// pace is the pause after a bad answer that took that long.
	pace(took time.Duration) time.Duration
	// subject names what is asked: GET http://10.1.0.3:3000/healthz.
	subject() string
}

// answer is what one question brought.
type answer struct {
	good   bool
	fault  fault
	text   string // what happened, with the subject, one line
	status int    // http: the status
	target string // http: where a redirect leads
	exit   int    // exec: the exit code
	output string // the body or output, at most shown bytes, printable
}

// fault sorts bad answers for the explanation.
type fault string

const (
	fine        fault = ""
	refused     fault = "refused"     // nothing listens at the address
	unreachable fault = "unreachable" // no way to the address
	silent      fault = "silent"      // no answer in time
	broken      fault = "broken"      // the connection closed without an answer
	garbled     fault = "garbled"     // the answer is not HTTP
	redirect    fault = "redirect"
	wrongStatus fault = "status"
	wrongBody   fault = "body"
	failedExec  fault = "exec"   // the command ran and exited with a code
	engineFault fault = "engine" // the engine could not run the command, or not tell
	unstable    fault = "young"  // up: not running for long enough
	unaskable   fault = "config" // the check can't be made at all
)

// disconnected reports whether the fault is what a dead container looks like
// from outside.
func (f fault) disconnected() bool {
	return f == refused || f == unreachable || f == broken || f == engineFault
}

// poll is the pause after a cheap bad answer. Together with the question's
// own time it is how late readiness is noticed; the limit is 100 ms.
const poll = 30 * time.Millisecond

// questionFor picks the target's check. Auto takes the image's HEALTHCHECK,
// else TCP where there is a port, else "stays up".
func questionFor(c Containers, t release.Target) question {
	kind := kindFor(t)
	if (kind == release.HealthHTTP || kind == release.HealthTCP) && portFor(t) == 0 {
		return impossible("it has no port to ask")
	}
	switch kind {
	case release.HealthHTTP:
		return newHTTP(t, hostFor(t))
	case release.HealthTCP:
		return newTCP(t)
	case release.HealthExec:
		return newExec(c, t)
	case release.HealthDocker:
		return newDocker(c, t)
	}
	return &upQuestion{containers: c, id: t.Container.ID}
}

func kindFor(t release.Target) release.HealthKind {
	switch {
	case t.Health.Kind != release.HealthAuto:
		return t.Health.Kind
	case hasCheck(t.Container):
		return release.HealthDocker
	case portFor(t) != 0:
		return release.HealthTCP
	}
	return release.HealthUp
}

// portFor is the port the check asks: its own, else the service's.
func portFor(t release.Target) uint16 {
	if t.Health.Port != 0 {
		return uint16(t.Health.Port)
	}
	return t.Addr.Port()
}
