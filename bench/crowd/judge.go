package crowd

import (
	"slices"
	"time"

	"teal/internal/release"
)

// Turn is one switch.
type Turn struct {
	To        release.Color
	Decided   time.Time // before anything of it could be seen
	Confirmed time.Time // from here on every request belongs to the color, says who switched
}

// Judged is what became of the requests of a load over a number of switches.
type Judged struct {
	Sent   int
	Lost   int           // no whole answer came
	Sure   int           // began after a confirmation and ended before the next decision
	Stray  int           // of these, answered by the color that had been left
	Latest time.Duration // the longest after a confirmation that a stray began
}

// Judge compares each answer with the color that had been confirmed when the
// request began. turns are in order. What a switch overlaps proves nothing:
// either color may answer it.
func Judge(calls []Call, turns []Turn) Judged {
	j := Judged{Sent: len(calls)}
	for _, c := range calls {
		if c.Color == release.None {
			j.Lost++
			continue
		}
		confirmed, ok := settled(c, turns)
		if !ok {
			continue
		}
		j.Sure++
		if c.Color != confirmed.To {
			j.Stray++
			j.Latest = max(j.Latest, c.Begun.Sub(confirmed.Confirmed))
		}
	}
	return j
}

// settled is the switch that had been confirmed before the request began, if
// no other was begun before it ended.
func settled(c Call, turns []Turn) (Turn, bool) {
	next, _ := slices.BinarySearchFunc(turns, c.Begun, func(t Turn, at time.Time) int { return t.Confirmed.Compare(at) })
	if next == 0 || (next < len(turns) && !turns[next].Decided.After(c.Ended)) {
		return Turn{}, false
	}
	return turns[next-1], true
}
