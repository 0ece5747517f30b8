package term

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"teal/internal/release"
)

// Plain writes a line for each event, with the time of day in front, for pipes
// and logs of CI jobs: a step has a line when it begins, so that a job that
// hangs says where, and one when it ends.
type Plain struct {
	mu  sync.Mutex
	out io.Writer
	err error
}

// NewPlain returns a stream of plain lines.
func NewPlain(out io.Writer) *Plain { return &Plain{out: out} }

// Event writes the event's line. The receipt has several.
func (p *Plain) Event(ev release.Event) {
	var b strings.Builder
	if ev.Type == release.EventReceipt {
		if ev.Receipt != nil {
			b.WriteString(receiptText(*ev.Receipt, style{}))
		}
	} else if text := plainText(ev); text != "" {
		fmt.Fprintf(&b, "%s  %s\n", ev.Time.Format("15:04:05"), text)
	}
	p.write(b.String())
}

func (p *Plain) write(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil || s == "" {
		return
	}
	_, p.err = io.WriteString(p.out, s)
}

// Close returns the first error of writing.
func (p *Plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func plainText(ev release.Event) string {
	switch ev.Type {
	case release.EventBegin:
		return beginText(ev)
	case release.EventStep:
		return stepHead(ev) + because(ev)
	case release.EventProgress:
		return "      " + Clean(ev.Text)
	case release.EventOutput:
		return "    | " + Clean(ev.Text)
	case release.EventDone:
		return stepHead(ev) + ": done in " + Took(ev.Took)
	case release.EventFailed:
		return stepHead(ev) + ": failed after " + Took(ev.Took) + reason(ev)
	case release.EventNote:
		return "note: " + Clean(ev.Text)
	}
	return ""
}

// beginText is the line a plan opens with: its title, which names the app.
func beginText(ev release.Event) string {
	if ev.Text != "" {
		return Clean(ev.Text)
	}
	return Clean(ev.App) + ": " + count(ev.Of, "step")
}

// stepHead is a step's place, kind and subject: 4/9 start green.
func stepHead(ev release.Event) string {
	return place(ev) + stepName(ev)
}

// place is the step's number in its plan, with a space behind it.
func place(ev release.Event) string {
	if ev.Of == 0 {
		return ""
	}
	width := len(fmt.Sprint(ev.Of))
	return fmt.Sprintf("%*d/%d ", width, ev.Number, ev.Of)
}

func stepName(ev release.Event) string {
	if ev.Step == nil {
		return "step"
	}
	return strings.TrimSpace(string(ev.Step.Kind) + " " + Clean(ev.Step.Subject))
}

func because(ev release.Event) string {
	if ev.Step == nil || ev.Step.Cause == "" {
		return ""
	}
	return " (" + Clean(ev.Step.Cause) + ")"
}

// reason tells why a step failed where the event says so: one line only, the
// evidence comes with the error at the end.
func reason(ev release.Event) string {
	if ev.Error != nil {
		return ": " + Clean(ev.Error.Error())
	}
	if ev.Text != "" {
		return ": " + Clean(ev.Text)
	}
	return ""
}
