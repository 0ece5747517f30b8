package load

import (
	"fmt"
	"sync"
)

// record is the clients' own: what became of each id.
type record struct {
	mu       sync.Mutex
	outcomes map[uint32][]Outcome // by client, then by turn
}

func newRecord() *record { return &record{outcomes: map[uint32][]Outcome{}} }

func (r *record) enter(id ID, o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[id.Client] = grown(r.outcomes[id.Client], id.Turn)
	r.outcomes[id.Client][id.Turn] = o
}

// add takes over what another record has; no client is in two.
func (r *record) add(other *record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for client, turns := range other.outcomes {
		r.outcomes[client] = turns
	}
}

// Audit is what the clients' record and the application's ledger say of the
// same ids.
type Audit struct {
	IDs        int // in the record
	Lost       int // answered, but the work was never done
	Doubled    int // the work was done more than once
	Unanswered int // done once, but the client never heard of it
	Foreign    int // done, but no client sent it
}

// Broken is how many ids were not done as often as they were answered.
func (a Audit) Broken() int { return a.Lost + a.Doubled + a.Unanswered + a.Foreign }

func (a Audit) String() string {
	return fmt.Sprintf("%d ids: %d answered but not done, %d done twice, %d done but not answered, %d foreign",
		a.IDs, a.Lost, a.Doubled, a.Unanswered, a.Foreign)
}

// Compare audits all the ids of the reports against the ledger that they all
// were to be written in.
func Compare(l *Ledger, reports ...Report) Audit {
	var a Audit
	known := map[uint32]bool{}
	for _, r := range reports {
		for client, turns := range r.record.outcomes {
			known[client] = true
			for turn, o := range turns {
				a.one(o, l.of(ID{client, uint32(turn)}))
			}
		}
	}
	a.Foreign = l.foreign(known)
	return a
}

func (a *Audit) one(o Outcome, times int) {
	if o != Unsent {
		a.IDs++
	}
	switch {
	case times > 1:
		a.Doubled++
	case times == 1 && o != Answered:
		a.Unanswered++
	case times == 0 && o == Answered:
		a.Lost++
	}
}

// foreign is how many ids are of clients that are not known.
func (l *Ledger) foreign(known map[uint32]bool) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for client, turns := range l.times {
		for _, times := range turns {
			if times > 0 && !known[client] {
				n++
			}
		}
	}
	return n
}

// Add takes over what another audit of other ids says.
func (a *Audit) Add(other Audit) {
	a.IDs, a.Lost, a.Doubled = a.IDs+other.IDs, a.Lost+other.Lost, a.Doubled+other.Doubled
	a.Unanswered, a.Foreign = a.Unanswered+other.Unanswered, a.Foreign+other.Foreign
}
