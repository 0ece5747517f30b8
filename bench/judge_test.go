package main

import (
	"testing"
	"time"

	"teal/internal/release"
)

func at(ms int) time.Time { return time.UnixMilli(int64(ms)) }

// A switch to green is decided at 100 and confirmed at 110, one back to blue
// at 200 and 210.
func TestOnlyRequestsThatNoSwitchOverlapsAreJudged(t *testing.T) {
	turns := []turn{
		{to: release.Green, decided: at(100), confirmed: at(110)},
		{to: release.Blue, decided: at(200), confirmed: at(210)},
	}
	for _, c := range []struct {
		name        string
		begun, done int
		by          release.Color
		want        judged
	}{
		{"before all switches", 50, 60, release.Blue, judged{sent: 1}},
		{"begun while a switch was under way", 105, 120, release.Blue, judged{sent: 1}},
		{"after the confirmation, by the new color", 111, 120, release.Green, judged{sent: 1, sure: 1}},
		{"after the confirmation, by the old color", 120, 130, release.Blue, judged{sent: 1, sure: 1, stray: 1, latest: 10 * time.Millisecond}},
		{"still open when the next switch was decided", 190, 200, release.Blue, judged{sent: 1}},
		{"after the last confirmation, by the old color", 215, 220, release.Green, judged{sent: 1, sure: 1, stray: 1, latest: 5 * time.Millisecond}},
		{"never answered", 150, 160, release.None, judged{sent: 1, lost: 1}},
	} {
		if got := judge([]call{{at(c.begun), at(c.done), c.by}}, turns); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
