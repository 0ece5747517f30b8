package main

import (
	"strings"
	"testing"
	"time"
)

const h2Says = `starting benchmark...
Application protocol: h2

finished in 2.03s, 24123.50 req/s, 1.02MB/s
requests: 48247 total, 48375 started, 48247 done, 48247 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 48247 2xx, 0 3xx, 0 4xx, 0 5xx
`

func TestWhatH2loadSaysIsRead(t *testing.T) {
	got, err := parseH2load(h2Says)
	if want := (burst{requests: 48247, took: 2030 * time.Millisecond}); err != nil || got != want {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	for right, wrong := range map[string]string{"protocol: h2": "protocol: http/1.1", "0 5xx": "1 5xx", "0 failed": "2 failed"} {
		if _, err := parseH2load(strings.Replace(h2Says, right, wrong, 1)); err == nil {
			t.Errorf("%s is no error", wrong)
		}
	}
}

func TestHandshakesOfTheWrongKindMeasureNothing(t *testing.T) {
	all := []greeting{{3 * time.Millisecond, true}, {2 * time.Millisecond, true}, {time.Millisecond, false}}
	s := sum(all, time.Second)
	if s.Requests != 3 || s.Resumed != 2 || s.P99 != 3*time.Millisecond {
		t.Errorf("%+v", s)
	}
	for _, c := range []struct {
		requests, resumed int
		resume, proper    bool
	}{{100, 95, true, true}, {100, 94, true, false}, {100, 0, false, true}, {100, 1, false, false}} {
		if err := (shaken{Requests: c.requests, Resumed: c.resumed}).proper(c.resume); (err == nil) != c.proper {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
