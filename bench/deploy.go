package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"teal/internal/release"
)

// The promised limits of a deploy.
const (
	overheadLimit = 500 // ms
	memoryLimit   = 80  // MiB
	sizeLimit     = 40  // MiB
)

// deployRuns is how many releases are measured, after two that fill the
// colors.
const deployRuns = 24

// deploys measures releases of one service with all defaults, by the binary on
// a real Docker: what teal adds to them, and how soon it notices that the
// application is ready.
func deploys(ctx context.Context, b *bench) error {
	var all []deployed
	var peaks []float64
	for n := range deployRuns + 2 {
		one, err := b.site.deploy(ctx)
		if err != nil {
			return fmt.Errorf("deploy %d: %w", n+1, err)
		}
		peaks = append(peaks, one.story.peak)
		if n >= 2 { // the first two make networks, nginx's config, the journal
			all = append(all, one)
		}
	}
	b.report.add("deploy", "teal's own overhead, one service", "ms", overheadLimit, each(all, deployed.overhead))
	for _, part := range parts {
		b.report.add("deploy", "  "+part.name, "ms", 0, each(all, part.of))
	}
	b.report.add("deploy", "ready to gate passed, http, 3 answers", "ms", noticeLimit, each(all, deployed.noticed))
	b.report.add("deploy", "decision to confirmation", "ms", switchLimit, each(all, deployed.switched))
	b.report.add("deploy", "peak memory", "MiB", memoryLimit, peaks)
	return b.size()
}

func (b *bench) size() error {
	info, err := os.Stat(b.teal)
	if err != nil {
		return err
	}
	b.report.add("deploy", "stripped binary", "MiB", sizeLimit, []float64{float64(info.Size()) / (1 << 20)})
	return nil
}

// deployed is one release, and when its application got ready.
type deployed struct {
	story story
	ready time.Time
}

// deploy releases a new version, which takes a random moment to get ready: so
// readiness falls anywhere between two questions of the gate.
func (s *site) deploy(ctx context.Context) (deployed, error) {
	after := 200*time.Millisecond + rand.N(200*time.Millisecond)
	t, err := s.carryOut(ctx, []string{"READY_AFTER=" + after.String()}, "deploy")
	if err != nil {
		return deployed{}, err
	}
	ready, err := s.ready(ctx)
	return deployed{t, ready}, err
}

func each(all []deployed, of func(deployed) time.Duration) []float64 {
	var durations []time.Duration
	for _, d := range all {
		durations = append(durations, of(d))
	}
	return millis(durations)
}

// overhead is what remains of the process's time when what isn't teal's is
// taken off: Docker's create and start, the application's own start, the
// drain. Nothing is built nor pulled. Docker's stop and removal of the old
// color, and all questions to Docker, stay in it.
func (d deployed) overhead() time.Duration {
	return d.story.took() - d.created() - d.started() - d.drained()
}

func (d deployed) took() time.Duration    { return d.story.took() }
func (d deployed) created() time.Duration { return busy(d.story.engine, creates) }
func (d deployed) changed() time.Duration { return busy(d.story.engine, changes) }
func (d deployed) asked() time.Duration   { return busy(d.story.engine, reads) }
func (d deployed) rest() time.Duration    { return d.overhead() - d.changed() }

// started is how long the application took after Docker had started it.
func (d deployed) started() time.Duration {
	return max(0, d.ready.Sub(lastEnd(d.story.engine, starts)))
}

func (d deployed) drained() time.Duration {
	_, took := d.story.done(release.StepDrain)
	return took
}

// noticed is how long the gate took from the moment of readiness on. A gate
// that opens later is not to blame for what went before.
func (d deployed) noticed() time.Duration {
	passed, took := d.story.done(release.StepHealthy)
	return passed.Sub(latest(d.ready, passed.Add(-took)))
}

func (d deployed) switched() time.Duration { return d.story.receipt.Switch }

// parts explain the overhead: what a deploy's time is made of, in the order in
// which it is taken off. Questions to Docker partly overlap with what else is
// done.
var parts = []struct {
	name string
	of   func(deployed) time.Duration
}{
	{"the whole deploy", deployed.took},
	{"less Docker's create, connect, start", deployed.created},
	{"less the application's own start", deployed.started},
	{"less the drain", deployed.drained},
	{"in it: Docker stops the old color, removes the one before", deployed.changed},
	{"in it: all but that", deployed.rest},
	{"in it: Docker answers questions", deployed.asked},
}
