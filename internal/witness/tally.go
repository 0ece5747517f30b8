package witness

import (
	"maps"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"teal/internal/release"
)

// outcome is what became of a request. Each request has exactly one.
type outcome int

const (
	answered outcome = iota
	failed
	reset
	refused
	timedOut
	cut
)

// slowest is the longest latency that is told apart, in microseconds.
const slowest = int64(5 * time.Minute / time.Microsecond)

// tally counts. A request is entered once, when its outcome is known, so the
// outcomes always add up to Sent.
type tally struct {
	mu      sync.Mutex
	seen    release.Witnessed
	latency *hdrhistogram.Histogram // microseconds; a fixed size, however many requests
}

func newTally() *tally {
	return &tally{
		seen:    release.Witnessed{ByColor: map[release.Color]int{}, ByKind: map[string]int{}},
		latency: hdrhistogram.New(1, slowest, 3),
	}
}

// ending is one request's end.
type ending struct {
	kind    Kind
	outcome outcome
	color   release.Color // of the answer, None without one
	took    time.Duration // until the complete answer; 0 is not recorded
	closed  bool          // a stream that the server ended in order
	words   string        // what went wrong
}

func (t *tally) enter(e ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen.Sent++
	t.seen.ByKind[string(e.kind)]++
	*t.counter(e.outcome)++
	if e.closed {
		t.seen.Ended++
	}
	if e.color != release.None {
		t.seen.ByColor[e.color]++
	}
	if e.outcome != answered && t.seen.First == "" {
		t.seen.First = e.words
	}
	if e.took > 0 {
		// A value in range can't be refused.
		_ = t.latency.RecordValue(min(max(e.took.Microseconds(), 1), slowest))
	}
}

func (t *tally) counter(o outcome) *int {
	switch o {
	case failed:
		return &t.seen.Failed
	case reset:
		return &t.seen.Reset
	case refused:
		return &t.seen.Refused
	case timedOut:
		return &t.seen.Timeout
	case cut:
		return &t.seen.Cut
	}
	return &t.seen.Answered
}

// witnessed is a copy of what was counted.
func (t *tally) witnessed() release.Witnessed {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.seen
	w.ByColor, w.ByKind = maps.Clone(w.ByColor), maps.Clone(w.ByKind)
	w.P50, w.P99 = t.quantile(50), t.quantile(99)
	w.Max = time.Duration(t.latency.Max()) * time.Microsecond
	return w
}

func (t *tally) quantile(q float64) time.Duration {
	return time.Duration(t.latency.ValueAtQuantile(q)) * time.Microsecond
}
