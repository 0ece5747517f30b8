package pinned

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// Load is what wrk sends: GET requests on kept connections, one after the
// other on each.
type Load struct {
	URL         string
	Connections int
	For         time.Duration // whole seconds
	Script      string        // path of a Lua script; "" for none
	Args        []string      // of the script
}

// Sent is what became of a load.
type Sent struct {
	Requests int // answered
	Failed   int // of these not 200, and those that were not answered
	Took     time.Duration
	P99      time.Duration // of the answers' times
}

// Send sends the load from a processor.
func Send(ctx context.Context, core int, l Load) (Sent, error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return Sent{}, fmt.Errorf("find wrk, the load generator (Debian, Ubuntu: apt-get install wrk): %w", err)
	}
	args := []string{"--latency", "--threads", "1", "--connections", strconv.Itoa(l.Connections), "--duration", strconv.Itoa(int(l.For.Seconds())) + "s"}
	if l.Script != "" {
		args = append(args, "--script", l.Script)
	}
	args = append(append(args, l.URL), l.Args...)
	out, err := On(ctx, core, "wrk", args...).CombinedOutput()
	if err != nil {
		return Sent{}, fmt.Errorf("run wrk: %w\n%s", err, out)
	}
	return parse(string(out))
}

var (
	totalForm  = regexp.MustCompile(`(?m)^\s*(\d+) requests in (\S+),`)
	p99Form    = regexp.MustCompile(`(?m)^\s*99%\s+(\S+)$`)
	statusForm = regexp.MustCompile(`(?m)^\s*Non-2xx or 3xx responses: (\d+)`)
	socketForm = regexp.MustCompile(`(?m)^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
)

// parse reads what wrk prints at its end.
func parse(out string) (Sent, error) {
	m, p99 := totalForm.FindStringSubmatch(out), p99Form.FindStringSubmatch(out)
	if m == nil || p99 == nil {
		return Sent{}, fmt.Errorf("wrk does not tell how many requests there were, or how long they took:\n%s", out)
	}
	s := Sent{Requests: number(m[1])}
	var err error
	if s.Took, err = time.ParseDuration(m[2]); err != nil {
		return s, err
	}
	if s.P99, err = time.ParseDuration(p99[1]); err != nil {
		return s, err
	}
	for _, form := range []*regexp.Regexp{statusForm, socketForm} {
		if m := form.FindStringSubmatch(out); m != nil {
			for _, text := range m[1:] {
				s.Failed += number(text)
			}
		}
	}
	return s, nil
}

// number reads what a form has found to be digits.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// Cost is the microseconds of processor that the processes spend on a request
// of the load. One request that fails makes it an error: what is not done is
// cheap.
func Cost(ctx context.Context, core int, pids []int, l Load) (float64, error) {
	before, err := Spent(pids...)
	if err != nil {
		return 0, err
	}
	sent, err := Send(ctx, core, l)
	if err != nil {
		return 0, err
	}
	after, err := Spent(pids...)
	if err != nil {
		return 0, err
	}
	if sent.Failed > 0 || sent.Requests == 0 {
		return 0, fmt.Errorf("%d of %d requests to %s failed", sent.Failed, sent.Requests, l.URL)
	}
	return float64((after - before).Microseconds()) / float64(sent.Requests), nil
}
