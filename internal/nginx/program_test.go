package nginx

import (
	"slices"
	"testing"
)

func TestNginxKeepsFreedMemoryUnlessTheEnvironmentSaysOtherwise(t *testing.T) {
	t.Setenv("MALLOC_TRIM_THRESHOLD_", "1")
	out, err := run(t.Context(), "/usr/bin/env")
	if err != nil {
		t.Fatal(err)
	}
	says := lines(out)
	for _, want := range []string{"MALLOC_MMAP_THRESHOLD_=33554432", "MALLOC_TRIM_THRESHOLD_=1"} {
		if !slices.Contains(says, want) {
			t.Errorf("nginx is run without %s: %q", want, says)
		}
	}
	if slices.Contains(says, "MALLOC_TRIM_THRESHOLD_=33554432") {
		t.Error("what the environment says is lost")
	}
}
