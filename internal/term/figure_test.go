package term

import (
	"testing"
	"time"
)

func TestFiguresHaveTheDigitsThatMatter(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                      "0.0 ms",
		3140 * time.Microsecond:                "3.1 ms",
		812 * time.Millisecond:                 "0.8 s",
		72400 * time.Millisecond:               "72.4 s",
		12*time.Minute + 4100*time.Millisecond: "12m4s",
	} {
		if got := Took(d); got != want {
			t.Errorf("Took(%v) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
