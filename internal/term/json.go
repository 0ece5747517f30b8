package term

import (
	"encoding/json"
	"io"
	"sync"

	"teal/internal/release"
)

// JSON writes each event as one object on one line. The receipt is the last
// line: what comes after it is not written, so a reader may take the last
// line for the outcome without looking further.
type JSON struct {
	mu    sync.Mutex
	enc   *json.Encoder
	ended bool
	err   error
}

// NewJSON returns a stream of JSON lines.
func NewJSON(out io.Writer) *JSON {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &JSON{enc: enc}
}

// Event writes one line.
func (j *JSON) Event(ev release.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended || j.err != nil {
		return
	}
	j.ended = ev.Type == release.EventReceipt
	j.err = j.enc.Encode(ev)
}

// Close returns the first error of writing.
func (j *JSON) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
