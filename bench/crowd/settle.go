package crowd

import (
	"time"

	"teal/internal/release"
)

// Settled is, for each switch, how long after its decision the last request
// began that the color which was left answered: from then on all new requests
// went to the other, as clients saw it, whatever anybody said.
func Settled(calls []Call, turns []Turn) []time.Duration {
	after := make([]time.Duration, len(turns))
	for _, c := range calls {
		n := decidedBefore(c.Begun, turns)
		if n < 0 || c.Color == release.None || c.Color == turns[n].To {
			continue
		}
		after[n] = max(after[n], c.Begun.Sub(turns[n].Decided))
	}
	return after
}

// decidedBefore is the last switch that was decided by then, -1 if none was.
func decidedBefore(at time.Time, turns []Turn) int {
	n := len(turns) - 1
	for n >= 0 && turns[n].Decided.After(at) {
		n--
	}
	return n
}

// Around sorts the times that answers took by when their requests began: within
// so long of a decision, before or after it, or not.
func Around(calls []Call, turns []Turn, within time.Duration) (near, far []time.Duration) {
	for _, c := range calls {
		if c.Color == release.None {
			continue
		}
		took := c.Ended.Sub(c.Begun)
		if beside(c.Begun, turns, within) {
			near = append(near, took)
		} else {
			far = append(far, took)
		}
	}
	return near, far
}

func beside(at time.Time, turns []Turn, within time.Duration) bool {
	n := decidedBefore(at, turns)
	if n >= 0 && at.Sub(turns[n].Decided) <= within {
		return true
	}
	return n+1 < len(turns) && turns[n+1].Decided.Sub(at) <= within
}
