package term

import (
	"io"
	"sync"

	"teal/internal/release"
)

// Quiet writes the receipt and nothing before it.
type Quiet struct {
	mu    sync.Mutex
	out   io.Writer
	style style
	err   error
}

// NewQuiet returns a stream of receipts.
func NewQuiet(out io.Writer) *Quiet { return &Quiet{out: out, style: styleOf(out)} }

// Event writes a receipt and passes over all else.
func (q *Quiet) Event(ev release.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ev.Type == release.EventReceipt && ev.Receipt != nil && q.err == nil {
		_, q.err = io.WriteString(q.out, receiptText(*ev.Receipt, q.style))
	}
}

// Close returns the first error of writing.
func (q *Quiet) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}
