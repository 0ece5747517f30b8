package nginx

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
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

func TestATestThatTakesTooLongIsNotToldAsABrokenConfiguration(t *testing.T) {
	_, err := runFor(t.Context(), time.Millisecond, "sleep", "60")
	if !errors.Is(err, errSlow) {
		t.Fatalf("ended with %v", err)
	}
	var told *release.Error
	_, _, err = server{name: "standalone nginx", program: program{path: "nginx"}}.outcome(nil, err)
	if !errors.As(err, &told) || !strings.Contains(told.What, "in time") || errors.Is(err, errBroken) {
		t.Errorf("it is told as %v", err)
	}
}

func TestAnInterruptIsNotToldAsSlowness(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := runFor(ctx, time.Minute, "sleep", "60"); err == nil || errors.Is(err, errSlow) {
		t.Errorf("ended with %v", err)
	}
}
