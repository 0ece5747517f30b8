package compose

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

func TestProgressIsSaidTwiceASecondAndNeverGoesBack(t *testing.T) {
	var said []string
	clock := time.Unix(0, 0)
	p := newPulled("shop", func(_ release.EventType, line string) { said = append(said, line) })
	p.now = func() time.Time { return clock }
	p.tell("pulling")
	for step := range 100 {
		clock = clock.Add(20 * time.Millisecond)
		p.layers["a"] = layer{have: int64(step), size: 100}
		if step == 50 { // a layer turns up late
			p.layers["b"] = layer{size: 900}
		}
		p.moved()
	}
	p.tell("pulled")
	want := []string{"image shop pulling", "image shop pulling 24 %", "image shop pulling 49 %", "image shop pulled"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}
