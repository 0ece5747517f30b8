package load

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
)

// ID is a request's own: its client's number, and the client's turn.
type ID struct{ Client, Turn uint32 }

func (id ID) String() string { return fmt.Sprintf("%d-%d", id.Client, id.Turn) }

// ParseID reads what String wrote.
func ParseID(text string) (ID, error) {
	client, turn, _ := strings.Cut(text, "-")
	c, err := strconv.ParseUint(client, 10, 32)
	if err != nil {
		return ID{}, fmt.Errorf("id %q: %w", text, err)
	}
	t, err := strconv.ParseUint(turn, 10, 32)
	if err != nil {
		return ID{}, fmt.Errorf("id %q: %w", text, err)
	}
	return ID{uint32(c), uint32(t)}, nil
}

// Ledger is how often the application did the work of each id.
type Ledger struct {
	mu    sync.Mutex
	times map[uint32][]uint8 // by client, then by turn
}

// NewLedger returns an empty one.
func NewLedger() *Ledger { return &Ledger{times: map[uint32][]uint8{}} }

// Keep enters that the id's work is done, once more.
func (l *Ledger) Keep(id ID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times[id.Client] = grown(l.times[id.Client], id.Turn)
	if l.times[id.Client][id.Turn] < math.MaxUint8 {
		l.times[id.Client][id.Turn]++
	}
	return nil
}

// grown is the slice with room for a place, which is not far off.
func grown[T any](s []T, place uint32) []T {
	if missing := int(place) + 1 - len(s); missing > 0 {
		s = append(s, make([]T, missing)...)
	}
	return s
}

// of is how often the id's work was done.
func (l *Ledger) of(id ID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if turns := l.times[id.Client]; int(id.Turn) < len(turns) {
		return int(turns[id.Turn])
	}
	return 0
}

// Write writes the ledger, an id and its times a line.
func (l *Ledger) Write(to io.Writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := bufio.NewWriter(to)
	for client, turns := range l.times {
		for turn, times := range turns {
			if times > 0 {
				fmt.Fprintln(out, ID{client, uint32(turn)}, times)
			}
		}
	}
	return out.Flush()
}

// Read adds what Write wrote.
func (l *Ledger) Read(from io.Reader) error {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		text, times, _ := strings.Cut(lines.Text(), " ")
		id, err := ParseID(text)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(times)
		if err != nil {
			return fmt.Errorf("ledger line %q: %w", lines.Text(), err)
		}
		for range n {
			if err := l.Keep(id); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}
