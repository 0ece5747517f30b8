package machine

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// Noise is what else the machine was doing as a section began.
type Noise struct {
	Load float64 `json:"load"` // average of the last minute, our own share in it
	Busy float64 `json:"busy"` // share of the processors, while nothing is measured
}

func (n Noise) String() string {
	return fmt.Sprintf("load average %.2f, processors busy with other things: %.0f %%", n.Load, n.Busy*100)
}

// SectionNoise is that of a whole section.
type SectionNoise struct {
	Before Noise `json:"before"`
	After  Noise `json:"after"`
	Again  bool  `json:"again,omitempty"` // measured before, beside other work
}

// Quiet reports whether figures are those of what was measured.
func (n Noise) Quiet() bool { return n.Busy < calmShare }

// calmShare is how busy the machine may be with other things for figures to
// be teal's.
const calmShare = 0.2

// Calm waits until the machine is quiet, or until a time. One that never is is
// measured all the same: the report tells beside what.
func Calm(ctx context.Context, until time.Time) (Noise, error) {
	for {
		n := Listen(ctx)
		if n.Quiet() || time.Now().After(until) || ctx.Err() != nil {
			return n, ctx.Err()
		}
	}
}

// Listen does nothing for two seconds and tells what was to be heard.
func Listen(ctx context.Context) Noise {
	idle, all := processorTime()
	Pause(ctx, 2*time.Second)
	stillIdle, now := processorTime()
	n := Noise{Busy: 1 - (stillIdle-idle)/max(now-all, 1)}
	if _, err := fmt.Sscan(Read("/proc/loadavg"), &n.Load); err != nil {
		fmt.Fprintf(os.Stderr, "no load average: %v\n", err)
	}
	return n
}

// processorTime is the time that all processors have been idle, and that they
// have had, in ticks: the first line of /proc/stat (proc(5)). Waiting for a
// disk is idle; guests are in user time already.
func processorTime() (idle, all float64) {
	line, _, _ := strings.Cut(Read("/proc/stat"), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0, 0
	}
	for i, text := range fields[1:9] {
		var ticks float64
		if _, err := fmt.Sscan(text, &ticks); err != nil {
			return 0, 0
		}
		all += ticks
		if i == 3 || i == 4 {
			idle += ticks
		}
	}
	return idle, all
}

// Pause waits for d and reports whether ctx is still going on.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
