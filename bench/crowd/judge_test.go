package crowd

import (
	"testing"
	"time"

	"teal/internal/release"
)

func at(ms int) time.Time { return time.UnixMilli(int64(ms)) }

// A switch to green is decided at 100 and confirmed at 110, one back to blue
// at 200 and 210.
func TestOnlyRequestsThatNoSwitchOverlapsAreJudged(t *testing.T) {
	turns := []Turn{
		{To: release.Green, Decided: at(100), Confirmed: at(110)},
		{To: release.Blue, Decided: at(200), Confirmed: at(210)},
	}
	for _, c := range []struct {
		name        string
		begun, done int
		by          release.Color
		want        Judged
	}{
		{"before all switches", 50, 60, release.Blue, Judged{Sent: 1}},
		{"begun while a switch was under way", 105, 120, release.Blue, Judged{Sent: 1}},
		{"after the confirmation, by the new color", 111, 120, release.Green, Judged{Sent: 1, Sure: 1}},
		{"after the confirmation, by the old color", 120, 130, release.Blue, Judged{Sent: 1, Sure: 1, Stray: 1, Latest: 10 * time.Millisecond}},
		{"still open when the next switch was decided", 190, 200, release.Blue, Judged{Sent: 1}},
		{"after the last confirmation, by the old color", 215, 220, release.Green, Judged{Sent: 1, Sure: 1, Stray: 1, Latest: 5 * time.Millisecond}},
		{"never answered", 150, 160, release.None, Judged{Sent: 1, Lost: 1}},
	} {
		if got := Judge([]Call{{at(c.begun), at(c.done), c.by}}, turns); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
