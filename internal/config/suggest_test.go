package config

import "testing"

func TestTheNearestWordIsSuggestedOnlyIfItIsNear(t *testing.T) {
	known := []string{"health", "port", "replicas"}
	for word, want := range map[string]string{
		"prot":     `did you mean "port"?`,
		"Port":     `did you mean "port"?`,
		"replica":  `did you mean "replicas"?`,
		"replicsa": `did you mean "replicas"?`,
		"helth":    `did you mean "health"?`,
		"canary":   "known are health, port, replicas",
		"":         "known are health, port, replicas",
	} {
		if got := suggest(word, known); got != want {
			t.Errorf("%q: want %s, have %s", word, want, got)
		}
	}
	if got := suggest("web", nil); got != "there are none" {
		t.Errorf("of none: %s", got)
	}
}

func TestDistanceCountsASwapOnce(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: want %d, have %d", c.a, c.b, c.want, got)
		}
	}
}
