package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"teal/bench/pinned"
)

// burst is what a load generator did to a proxy in one round.
type burst struct {
	requests int
	took     time.Duration
	p99      time.Duration // of the latencies; 0 where the generator tells none
}

// generator puts load on an address for a while.
type generator func(ctx context.Context, core int, p *peer, d time.Duration) (burst, error)

// wrkClients is how many connections wrk keeps, each with a request under way.
const wrkClients = 64

// wrkPlain and wrkSecure keep their connections.
func wrkPlain(ctx context.Context, core int, p *peer, d time.Duration) (burst, error) {
	return wrk(ctx, core, "http://"+p.plain+"/", d)
}

func wrkSecure(ctx context.Context, core int, p *peer, d time.Duration) (burst, error) {
	return wrk(ctx, core, "https://"+p.secure+"/", d)
}

func wrk(ctx context.Context, core int, url string, d time.Duration) (burst, error) {
	sent, err := pinned.Send(ctx, core, pinned.Load{URL: url, Connections: wrkClients, For: d})
	if err == nil && sent.Failed > 0 {
		// A load of which something failed measures nothing.
		err = fmt.Errorf("%d of %d requests failed", sent.Failed, sent.Requests)
	}
	return burst{sent.Requests, sent.Took, sent.P99}, err
}

// h2load keeps 16 connections with 8 streams each.
func h2load(ctx context.Context, core int, p *peer, d time.Duration) (burst, error) {
	out, err := command(ctx, core, "h2load", "-t1", "-c16", "-m8", "-D", fmt.Sprint(d.Seconds()), "https://"+p.secure+"/").CombinedOutput()
	if err != nil {
		return burst{}, fmt.Errorf("h2load: %w\n%s", err, out)
	}
	return parseH2load(string(out))
}

var (
	h2Done  = regexp.MustCompile(`(?m)^finished in (\S+), `)
	h2Codes = regexp.MustCompile(`(?m)^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx$`)
	h2Sums  = regexp.MustCompile(`(?m)^requests: .* (\d+) failed, (\d+) errored, (\d+) timeout$`)
	h2Kind  = regexp.MustCompile(`(?m)^Application protocol: (\S+)$`)
)

func parseH2load(text string) (b burst, err error) {
	done, codes, sums, kind := h2Done.FindStringSubmatch(text), h2Codes.FindStringSubmatch(text), h2Sums.FindStringSubmatch(text), h2Kind.FindStringSubmatch(text)
	if done == nil || codes == nil || sums == nil || kind == nil || kind[1] != "h2" {
		return b, fmt.Errorf("h2load says\n%s", text)
	}
	for _, other := range append(codes[2:], sums[1:]...) {
		if other != "0" {
			return b, fmt.Errorf("h2load: %s; %s", codes[0], sums[0])
		}
	}
	if b.requests, err = strconv.Atoi(codes[1]); err != nil {
		return b, err
	}
	b.took, err = time.ParseDuration(done[1])
	return b, err
}
