package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// shaken is what a load of handshakes did, as the process that made it tells.
type shaken struct {
	Requests int           `json:"requests"`
	Resumed  int           `json:"resumed"`
	Took     time.Duration `json:"took"`
	P99      time.Duration `json:"p99"`
}

// handshakes makes a connection for each request, and a full handshake;
// resumed goes on with the session of the client's last.
func handshakes(ctx context.Context, core int, p *peer, d time.Duration) (burst, error) {
	return shake(ctx, core, p, d, false)
}

func resumed(ctx context.Context, core int, p *peer, d time.Duration) (burst, error) {
	return shake(ctx, core, p, d, true)
}

// shake runs this very program again, on the processor of the load.
func shake(ctx context.Context, core int, p *peer, d time.Duration, resume bool) (burst, error) {
	self, err := os.Executable()
	if err != nil {
		return burst{}, err
	}
	cmd := command(ctx, core, self, shakeWord, p.secure, d.String(), fmt.Sprint(resume))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	var says bytes.Buffer
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		return burst{}, fmt.Errorf("handshakes: %w\n%s", err, says.Bytes())
	}
	var s shaken
	if err := json.Unmarshal(out, &s); err != nil {
		return burst{}, err
	}
	return burst{requests: s.Requests, took: s.Took, p99: s.P99}, s.proper(resume)
}

// proper is an error if the handshakes were not of the kind that was wanted.
// Each client's first can't be resumed.
func (s shaken) proper(resume bool) error {
	if resume && s.Resumed < s.Requests*95/100 || !resume && s.Resumed > 0 {
		return fmt.Errorf("%d of %d handshakes were resumed", s.Resumed, s.Requests)
	}
	return nil
}

// shakeWord is the first argument of a process that only makes handshakes.
const shakeWord = "handshakes"

// shakeClients is how many connections are made at a time.
const shakeClients = 8

// shakeHands is that process.
func shakeHands(args []string) error {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	began := time.Now()
	var all []greeting
	var faults []error
	var mu sync.Mutex
	var clients sync.WaitGroup
	for range shakeClients {
		clients.Go(func() {
			mine, err := greet(args[0], args[2] == "true", began.Add(d))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
			if err != nil {
				faults = append(faults, err)
			}
		})
	}
	clients.Wait()
	if len(faults) > 0 {
		return faults[0]
	}
	return json.NewEncoder(os.Stdout).Encode(sum(all, time.Since(began)))
}

// greeting is one connection, from its first byte until the answer was whole.
type greeting struct {
	took    time.Duration
	resumed bool
}

func sum(all []greeting, took time.Duration) shaken {
	s := shaken{Requests: len(all), Took: took}
	var times []time.Duration
	for _, g := range all {
		times = append(times, g.took)
		if g.resumed {
			s.Resumed++
		}
	}
	if len(times) > 0 {
		slices.Sort(times)
		s.P99 = times[min(len(times)*99/100, len(times)-1)]
	}
	return s
}

func greet(addr string, resume bool, until time.Time) (all []greeting, err error) {
	// An address is no name to ask for: Caddy turns away names that the
	// certificate hasn't.
	config := &tls.Config{InsecureSkipVerify: true, ServerName: "127.0.0.1"}
	if resume {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	for time.Now().Before(until) {
		began := time.Now()
		resumed, err := once(addr, config)
		if err != nil {
			return all, err
		}
		all = append(all, greeting{time.Since(began), resumed})
	}
	return all, nil
}

// once makes a connection for one request, which says that it is the last.
func once(addr string, config *tls.Config) (resumed bool, err error) {
	raw, err := net.DialTimeout("tcp", addr, answerWithin)
	if err != nil {
		return false, err
	}
	defer raw.Close()
	if err := raw.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return false, err
	}
	conn := tls.Client(raw, config)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n"); err != nil {
		return false, err
	}
	text, err := io.ReadAll(conn)
	if err == nil && !bytes.HasPrefix(text, []byte("HTTP/1.1 200 OK\r\n")) {
		err = fmt.Errorf("%.60q", text)
	}
	return conn.ConnectionState().DidResume, err
}
