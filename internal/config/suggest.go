package config

import (
	"fmt"
	"strings"
)

// suggest ends a message about a word that isn't known: the nearest known
// one, or all of them where none is near.
func suggest(word string, known []string) string {
	best, least := "", 0
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); best == "" || d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "there are none"
	}
	// Up to a third of the word may be wrong: "prot" is port, "tls" is not to.
	if least <= max(1, len(best)/3) {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known are " + strings.Join(known, ", ")
}

// distance counts the letters to insert, drop, change, or swap with their
// neighbour, to make b of a (optimal string alignment).
func distance(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
