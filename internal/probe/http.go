package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"teal/internal/release"
)

// bodyLimit is how much of an answer is read to look for Health.Body.
const bodyLimit = 64 << 10

// httpQuestion is one GET over a connection of its own, so that an answer
// says that the replica still accepts connections. Redirects aren't followed:
// what nginx would pass to clients is what counts.
type httpQuestion struct {
	addr   string
	host   string
	health release.Health
}

func newHTTP(t release.Target, host string) *httpQuestion {
	return &httpQuestion{addr: addrFor(t), host: host, health: t.Health}
}

// hostFor is the Host header: the check's, else the site's, else the address.
func hostFor(t release.Target) string {
	switch {
	case t.Health.Host != "":
		return t.Health.Host
	case t.Host != "":
		return t.Host
	}
	return addrFor(t)
}

func (q *httpQuestion) answers() int                     { return q.health.Answers }
func (q *httpQuestion) pace(time.Duration) time.Duration { return poll }
func (q *httpQuestion) subject() string                  { return "GET http://" + q.addr + q.health.Path }

func (q *httpQuestion) ask(ctx context.Context) answer {
	ctx, cancel := context.WithTimeout(ctx, q.health.Request)
	defer cancel()
	req, err := q.request(ctx)
	if err != nil {
		return answer{fault: unaskable, text: q.subject() + ": " + printable(err.Error(), shown)}
	}
	resp, err := transport(q.health.Request).RoundTrip(req)
	if err != nil {
		return connectionAnswer(err, q.addr, q.subject(), q.waited(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	if err != nil {
		return connectionAnswer(err, q.addr, q.subject(), q.health.Request)
	}
	return q.judge(resp, string(body))
}

// waited is how long an unanswered question was waited for: connecting has a
// shorter limit of its own.
func (q *httpQuestion) waited(err error) time.Duration {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return min(q.health.Request, connectLimit)
	}
	return q.health.Request
}

func (q *httpQuestion) request(ctx context.Context) (*http.Request, error) {
	target, err := url.ParseRequestURI(q.health.Path)
	if err != nil {
		return nil, fmt.Errorf("parse health path: %w", err)
	}
	target.Scheme, target.Host = "http", q.addr
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("make health request: %w", err)
	}
	req.Host = q.host
	req.Header.Set("User-Agent", "teal-probe")
	return req, nil
}

// transport leaves nothing behind: one connection, no proxy of the
// environment, closed with the answer.
func transport(each time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:            dialer(each).DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: bodyLimit,
	}
}

func (q *httpQuestion) judge(resp *http.Response, body string) answer {
	a := answer{status: resp.StatusCode, output: printable(body, shown)}
	a.text = fmt.Sprintf("%s answered %d", q.subject(), resp.StatusCode)
	switch {
	case !accepts(q.health.Status, resp.StatusCode):
		a.fault = wrongStatus
		if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
			a.fault, a.target = redirect, printable(to, shown)
			a.text += " to " + a.target
		}
	case !strings.Contains(body, q.health.Body):
		a.fault = wrongBody
		a.text += fmt.Sprintf(" without %q in its body", printable(q.health.Body, shown))
	default:
		a.good = true
	}
	return a
}

func accepts(ranges []release.StatusRange, status int) bool {
	if len(ranges) == 0 {
		ranges = []release.StatusRange{{From: 200, To: 299}}
	}
	for _, r := range ranges {
		if r.Contains(status) {
			return true
		}
	}
	return false
}
