package main

import (
	"slices"
	"time"

	"teal/internal/release"
)

// judged is what became of the requests of a load over a number of switches.
type judged struct {
	sent   int
	lost   int           // no whole answer came
	sure   int           // began after a confirmation and ended before the next decision
	stray  int           // of these, answered by the color that had been left
	latest time.Duration // the longest after a confirmation that a stray began
}

// judge compares each answer with the color that had been confirmed when the
// request began. turns are in order. What a switch overlaps proves nothing:
// either color may answer it.
func judge(calls []call, turns []turn) judged {
	j := judged{sent: len(calls)}
	for _, c := range calls {
		if c.color == release.None {
			j.lost++
			continue
		}
		confirmed, ok := settled(c, turns)
		if !ok {
			continue
		}
		j.sure++
		if c.color != confirmed.to {
			j.stray++
			j.latest = max(j.latest, c.begun.Sub(confirmed.confirmed))
		}
	}
	return j
}

// settled is the switch that had been confirmed before the request began, if
// no other was begun before it ended.
func settled(c call, turns []turn) (turn, bool) {
	next, _ := slices.BinarySearchFunc(turns, c.begun, func(t turn, at time.Time) int { return t.confirmed.Compare(at) })
	if next == 0 || (next < len(turns) && !turns[next].decided.After(c.ended)) {
		return turn{}, false
	}
	return turns[next-1], true
}
