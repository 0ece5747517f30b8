package pinned

import (
	"testing"
	"time"
)

func TestProcessorTimeIsReadPastAnyName(t *testing.T) {
	got, err := spent("12 (nginx) 3 4)) S 1 12 12 0 -1 4194560 900 0 0 0 250 75 7 7 20 0 1 0 1 1 1")
	if want := 3250 * time.Millisecond; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if _, err := spent("12 (nginx) S 1"); err == nil {
		t.Error("what has no times in it was read")
	}
}

func TestEveryRequestThatFailedIsCounted(t *testing.T) {
	out := "Running 2s test @ http://x/\n  1 threads and 8 connections\n     90%    1.02ms\n     99%    2.50ms\n  41508 requests in 2.00s, 5.90MB read\n" +
		"  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 30\nRequests/sec:  20754.11\n"
	got, err := parse(out)
	if want := (Sent{Requests: 41508, Failed: 40, Took: 2 * time.Second, P99: 2500 * time.Microsecond}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if _, err := parse("unable to connect\n"); err == nil {
		t.Error("no requests were taken for a result")
	}
}
