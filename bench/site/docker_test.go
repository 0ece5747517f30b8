package site

import (
	"testing"
	"time"
)

func at(ms int) time.Time { return time.UnixMilli(int64(ms)) }

func TestTimeThatRequestsShareCountsOnce(t *testing.T) {
	requests := []request{
		{"POST", "/containers/b/start", at(40), at(60)},
		{"POST", "/containers/create", at(10), at(30)},
		{"POST", "/containers/a/start", at(20), at(50)},
		{"POST", "/containers/a/stop", at(0), at(900)},
		{"GET", "/containers/json", at(70), at(75)},
	}
	if got, want := busy(requests, creates), 50*time.Millisecond; got != want {
		t.Errorf("busy creating for %s, want %s", got, want)
	}
	if got, want := busy(requests, reads), 5*time.Millisecond; got != want {
		t.Errorf("busy answering for %s, want %s", got, want)
	}
	if got := lastEnd(requests, starts); got != at(60) {
		t.Errorf("the last start ended at %s", got)
	}
}

func TestAPathIsReadWithoutItsVersion(t *testing.T) {
	for path, want := range map[string]string{"/v1.41/containers/create": "/containers/create", "/_ping": "/_ping"} {
		if got := bare(path); got != want {
			t.Errorf("%s became %s", path, got)
		}
	}
}
