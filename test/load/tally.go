package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Outcome is what became of a request. Each has exactly one.
type Outcome uint8

// The outcomes. Left is a stream that the client itself ended. Declined is a
// request of HTTP/2 of which the server has said that it was not begun and may
// be sent again (GOAWAY, RFC 9113 section 6.8), as every client of HTTP/2 does
// but these.
const (
	Unsent   Outcome = iota
	Answered         // the whole answer, and it was to this request
	Refused          // no connection
	Reset            // the connection broke before the answer was complete
	Failed           // another answer than the application's to this request
	TimedOut         // no answer in time
	Cut              // a stream that ended before its time
	Left             // a stream that the client ended
	Declined         // HTTP2: the server said that it had not begun it
)

var outcomes = map[Outcome]string{
	Answered: "answered", Refused: "refused", Reset: "reset", Failed: "failed", TimedOut: "timed out", Cut: "cut", Left: "left", Declined: "declined",
}

// Counts are requests by outcome.
type Counts map[Outcome]int

// Sent is all of them.
func (c Counts) Sent() (n int) {
	for _, one := range c {
		n += one
	}
	return n
}

// Lost is those that did not come back with the application's answer.
func (c Counts) Lost() int { return c.Sent() - c[Answered] - c[Left] - c[Declined] }

// Report is what a load saw.
type Report struct {
	Kinds  map[Kind]Counts
	Twice  int      // answers that nobody had asked for
	First  []string // the first losses, in words
	P50    time.Duration
	P99    time.Duration
	Max    time.Duration
	record *record
}

// All are the counts over all kinds.
func (r Report) All() Counts {
	all := Counts{}
	for _, counts := range r.Kinds {
		for o, n := range counts {
			all[o] += n
		}
	}
	return all
}

// Lost is all that was lost, doubled answers included.
func (r Report) Lost() int { return r.All().Lost() + r.Twice }

func (r Report) String() string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(r.Kinds)) {
		parts = append(parts, fmt.Sprintf("%d %s", r.Kinds[k].Sent(), k))
	}
	text := strings.Join(parts, ", ")
	all := r.All()
	for _, o := range []Outcome{Refused, Reset, Failed, TimedOut, Cut, Declined} {
		if all[o] > 0 {
			text += fmt.Sprintf("; %d %s", all[o], outcomes[o])
		}
	}
	return text
}

// Add takes over what another load saw that has ended; latencies stay those of
// the first.
func (r *Report) Add(other Report) {
	for k, counts := range other.Kinds {
		if r.Kinds[k] == nil {
			r.Kinds[k] = Counts{}
		}
		for o, n := range counts {
			r.Kinds[k][o] += n
		}
	}
	r.Twice += other.Twice
	r.First = append(r.First, other.First...)
	r.record.add(other.record)
}

// firstKept is how many losses are kept in words.
const firstKept = 5

// slowest is the longest latency that is told apart, in microseconds.
const slowest = int64(5 * time.Minute / time.Microsecond)

type tally struct {
	sent    atomic.Int64
	mu      sync.Mutex
	seen    Report
	latency *hdrhistogram.Histogram // microseconds
}

func newTally() *tally {
	return &tally{seen: Report{Kinds: map[Kind]Counts{}}, latency: hdrhistogram.New(1, slowest, 3)}
}

func (t *tally) enter(k Kind, o Outcome, took time.Duration, words string) {
	t.sent.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen.Kinds[k] == nil {
		t.seen.Kinds[k] = Counts{}
	}
	t.seen.Kinds[k][o]++
	if words != "" && len(t.seen.First) < firstKept {
		t.seen.First = append(t.seen.First, time.Now().Format("15:04:05.000 ")+words)
	}
	if took > 0 {
		// A value in range can't be refused.
		_ = t.latency.RecordValue(min(max(took.Microseconds(), 1), slowest))
	}
}

func (t *tally) twice(words string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen.Twice++
	t.seen.First = append(t.seen.First, words)
}

func (t *tally) report(of *record) Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.seen
	r.Kinds = map[Kind]Counts{}
	for k, counts := range t.seen.Kinds {
		r.Kinds[k] = maps.Clone(counts)
	}
	r.record = of
	r.P50, r.P99, r.Max = t.quantile(50), t.quantile(99), t.quantile(100)
	return r
}

func (t *tally) quantile(q float64) time.Duration {
	return time.Duration(t.latency.ValueAtQuantile(q)) * time.Microsecond
}
