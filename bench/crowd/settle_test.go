package crowd

import (
	"slices"
	"testing"
	"time"

	"teal/internal/release"
)

// A switch to green is decided at 100, one back to blue at 200.
var toAndFro = []Turn{{To: release.Green, Decided: at(100), Confirmed: at(110)}, {To: release.Blue, Decided: at(200), Confirmed: at(210)}}

func TestASwitchHasSettledWhenTheLastRequestToTheOldColorBegan(t *testing.T) {
	calls := []Call{
		{at(90), at(130), release.Blue},   // begun before the decision
		{at(104), at(105), release.Blue},  // the last to the old color
		{at(102), at(103), release.Green}, // the new one, meanwhile
		{at(150), at(151), release.None},  // lost: nobody answered
		{at(160), at(161), release.Green},
		{at(230), at(231), release.Green}, // long after the second decision
		{at(201), at(202), release.Green},
	}
	want := []time.Duration{4 * time.Millisecond, 30 * time.Millisecond}
	if got := Settled(calls, toAndFro); !slices.Equal(got, want) {
		t.Errorf("settled after %v, want %v", got, want)
	}
}

func TestAnswersAroundADecisionAreToldFromTheOthers(t *testing.T) {
	calls := []Call{
		{at(69), at(70), release.Blue},   // 1 ms, long before
		{at(70), at(72), release.Blue},   // 2 ms, just within
		{at(130), at(133), release.Blue}, // 3 ms, within after it
		{at(150), at(154), release.Green},
		{at(175), at(180), release.Green}, // within before the second
		{at(120), at(300), release.None},
		{at(231), at(237), release.Blue},
	}
	near, far := Around(calls, toAndFro, 30*time.Millisecond)
	ms := func(list ...int) (all []time.Duration) {
		for _, n := range list {
			all = append(all, time.Duration(n)*time.Millisecond)
		}
		return all
	}
	if !slices.Equal(near, ms(2, 3, 5)) || !slices.Equal(far, ms(1, 4, 6)) {
		t.Errorf("near %v, far %v", near, far)
	}
}
