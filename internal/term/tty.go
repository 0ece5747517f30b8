package term

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	xterm "github.com/charmbracelet/x/term"

	"teal/internal/release"
)

const (
	frameEvery = 100 * time.Millisecond
	tailLines  = 5 // lines of output shown below the running step
	nameWidth  = 36
	timeWidth  = 14 // mark, time and the spaces around them
)

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// TTY shows live steps: finished steps stay as lines above, and a region below
// them shows the running step, what moves in it and the last lines of its
// output. Only the region is ever drawn again, in one write a frame.
type TTY struct {
	mu    sync.Mutex
	out   io.Writer
	size  func() (width, height int)
	now   func() time.Time
	style style
	run   *running
	drawn []int // display widths of the region's lines as they stand on the screen
	frame int
	err   error
	stop  chan struct{}
}

// running is the step at hand.
type running struct {
	event release.Event
	began time.Time
	moves moves
	tail  []string
}

// NewTTY returns live steps on the terminal f.
func NewTTY(f *os.File) *TTY {
	t := newTTY(f, func() (int, int) { return sizeOf(f) }, time.Now, styleFor(true))
	go t.animate()
	return t
}

func newTTY(out io.Writer, size func() (int, int), now func() time.Time, s style) *TTY {
	return &TTY{out: out, size: size, now: now, style: s, stop: make(chan struct{})}
}

// sizeOf asks the terminal each time, so that a resize needs no signal. Some
// don't know their size; COLUMNS and LINES may then, and where both do the
// smaller one never wraps.
func sizeOf(f *os.File) (int, int) {
	w, h, err := xterm.GetSize(f.Fd())
	if err != nil {
		w, h = 0, 0
	}
	return extent(w, "COLUMNS", 80), extent(h, "LINES", 24)
}

func extent(known int, variable string, usual int) int {
	said, err := strconv.Atoi(os.Getenv(variable))
	switch {
	case err != nil || said <= 0:
		said = known
	case known > 0:
		said = min(known, said)
	}
	if said <= 0 {
		return usual
	}
	return said
}

func (t *TTY) animate() {
	tick := time.NewTicker(frameEvery)
	defer tick.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-tick.C:
			t.tick()
		}
	}
}

// tick draws the next frame of the running step.
func (t *TTY) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.run == nil {
		return
	}
	t.frame++
	t.redraw("")
}

// Event shows one event.
func (t *TTY) Event(ev release.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.redraw(t.take(ev))
}

// take brings the state up to date and returns the lines that stay on the
// screen for good.
func (t *TTY) take(ev release.Event) string {
	switch ev.Type {
	case release.EventBegin:
		return t.style.bold(beginText(ev)) + "\n"
	case release.EventStep:
		t.run = &running{event: ev, began: t.now()}
	case release.EventProgress:
		return t.progress(Clean(ev.Text))
	case release.EventOutput:
		return t.output(Clean(ev.Text))
	case release.EventDone:
		t.run = nil
		return t.ended(t.style.green("✓"), ev)
	case release.EventFailed:
		kept := t.evidence()
		t.run = nil
		return t.ended(t.style.red("✗"), ev) + kept
	case release.EventNote:
		return t.style.yellow("!") + " " + Clean(ev.Text) + "\n"
	case release.EventReceipt:
		return t.receipt(ev.Receipt)
	}
	return ""
}

func (t *TTY) progress(text string) string {
	if t.run == nil {
		return "  " + text + "\n"
	}
	t.run.moves = t.run.moves.told(text)
	return ""
}

func (t *TTY) output(text string) string {
	if t.run == nil {
		return "  " + t.style.dim("| "+text) + "\n"
	}
	t.run.tail = append(t.run.tail, text)
	if extra := len(t.run.tail) - tailLines; extra > 0 {
		t.run.tail = t.run.tail[extra:]
	}
	return ""
}

// evidence keeps the last output of a step that failed on the screen.
func (t *TTY) evidence() string {
	if t.run == nil {
		return ""
	}
	var b strings.Builder
	for _, line := range t.run.tail {
		b.WriteString("  " + t.style.dim("| "+line) + "\n")
	}
	return b.String()
}

func (t *TTY) ended(mark string, ev release.Event) string {
	return fmt.Sprintf("%s %s  %s\n", mark, t.cells(ev), t.style.dim(Took(ev.Took)))
}

func (t *TTY) receipt(r *release.Receipt) string {
	if r == nil {
		return ""
	}
	return receiptText(*r, t.style)
}

// Close stops the animation. A step that never ended is left on the screen as
// such, below it the cursor on a line of its own.
func (t *TTY) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.run != nil {
		width, _ := t.size()
		left := ansi.Truncate(t.style.yellow("-")+" "+t.cells(t.run.event)+"  not finished", max(width-1, 1), "…")
		t.run = nil
		t.redraw(left + "\n")
	}
	t.halt()
	return t.err
}

func (t *TTY) halt() {
	select {
	case <-t.stop:
	default:
		close(t.stop)
	}
}

// redraw takes the region off the screen, writes lines that stay, and draws
// the region again below them.
func (t *TTY) redraw(stay string) {
	if t.err != nil {
		return
	}
	width, height := t.size()
	var b strings.Builder
	b.WriteString(t.erase(width))
	b.WriteString(stay)
	t.drawn = t.drawn[:0]
	for _, line := range t.region(width, height) {
		// One column is left free: a line that fills the last one makes some
		// terminals wrap, and the region's height would be unknown.
		line = ansi.Truncate(line, max(width-1, 1), "…")
		t.drawn = append(t.drawn, ansi.StringWidth(line))
		b.WriteString(line + "\n")
	}
	if b.Len() > 0 {
		_, t.err = io.WriteString(t.out, b.String())
	}
}

// erase moves to the region's first line and clears from there. A terminal
// that was made narrower since has wrapped the lines, so rows are counted with
// the width of now.
func (t *TTY) erase(width int) string {
	rows := 0
	for _, w := range t.drawn {
		rows += max(1, (w+width-1)/width)
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", rows)
}

// region is the running step, what moves in it and the end of its output,
// never higher than the screen: what has scrolled off its top can't be cleared
// any more.
func (t *TTY) region(width, height int) []string {
	if t.run == nil {
		return nil
	}
	mark := spinner[t.frame%len(spinner)]
	head := fmt.Sprintf("%s %s  %.1f s  ", mark, t.cells(t.run.event), t.now().Sub(t.run.began).Seconds())
	room := max(height-2, 0)
	beside := t.run.beside(width - 1 - ansi.StringWidth(head))
	lines := []string{head + t.style.dim(beside)}
	if beside == "" {
		for _, line := range t.run.moves.newest(min(moveLines, room), max(width-3, 1)) {
			lines = append(lines, "  "+t.style.dim(line))
			room--
		}
	}
	for _, line := range t.run.tail[len(t.run.tail)-min(len(t.run.tail), room):] {
		lines = append(lines, "  "+t.style.dim("| "+line))
	}
	return lines
}

// cells is a step's place and name, padded so that times stand below each
// other. On a narrow terminal the time keeps its room: the place goes first,
// then the name is cut.
func (t *TTY) cells(ev release.Event) string {
	name := stepName(ev)
	if ev.Step != nil {
		name = fmt.Sprintf("%-8s %s", ev.Step.Kind, Clean(ev.Step.Subject))
	}
	width, _ := t.size()
	room := max(width-timeWidth, 1)
	text := place(ev) + name
	if ansi.StringWidth(text) > room {
		text = name
	}
	text = ansi.Truncate(text, room, "…")
	return text + strings.Repeat(" ", max(0, min(nameWidth, room)-ansi.StringWidth(text)))
}

func cause(ev release.Event) string {
	if ev.Step == nil {
		return ""
	}
	return Clean(ev.Step.Cause)
}
