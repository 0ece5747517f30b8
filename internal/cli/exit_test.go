package cli

import (
	"errors"
	"fmt"
	"testing"

	"teal/internal/release"
)

func TestEveryErrorCodeHasItsExitCode(t *testing.T) {
	for code, want := range map[release.Code]int{
		release.Internal: 1, release.Invalid: 2, release.Gate: 3, release.Locked: 4, release.Unreachable: 5, release.Interrupted: 130,
	} {
		err := fmt.Errorf("wrapped: %w", &release.Error{Code: code, What: "x"})
		if got := exitOf(err); got != want {
			t.Errorf("%s exits %d, want %d", code, got, want)
		}
	}
	if got := exitOf(errors.New("plain")); got != exitInternal {
		t.Errorf("a plain error exits %d", got)
	}
}
