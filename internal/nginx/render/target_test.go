package render

import (
	"testing"
	"time"
)

func TestAConnectIsWaitedForUntilTheKernelHasAskedAgainWhereThereIsTime(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{
		time.Millisecond: time.Millisecond, time.Second: 100 * time.Millisecond, 4 * time.Second: 400 * time.Millisecond,
		5 * time.Second: 1250 * time.Millisecond, 10 * time.Second: 1500 * time.Millisecond, nextLimit: 2 * time.Second,
	} {
		if got := connectWait(limit); got != want {
			t.Errorf("of %s: %s, want %s", limit, got, want)
		}
	}
}
