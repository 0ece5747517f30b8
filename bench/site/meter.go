package site

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
)

// meter stands between teal and Docker's socket and notes how long Docker took
// for each request. So what is Docker's own time in a deploy is measured in
// that very deploy, not guessed from another.
type meter struct {
	path   string
	server *http.Server

	mu       sync.Mutex
	requests []request
}

// request is one that Docker answered.
type request struct {
	method, path string // path without the API version
	began, ended time.Time
}

func newMeter(path string) (*meter, error) {
	network, addr, ok := strings.Cut(client.DefaultDockerHost, "://")
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		network, addr, ok = strings.Cut(host, "://")
	}
	if !ok || (network != "unix" && network != "tcp") {
		return nil, errors.New("docker can be measured over a unix or tcp socket alone")
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	m := &meter{path: path}
	pass := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "docker" },
		FlushInterval: -1,                         // events are passed on as they come
		ErrorLog:      log.New(io.Discard, "", 0), // a gate that is passed drops its questions
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}},
	}
	m.server = &http.Server{Handler: m.noting(pass)}
	go m.server.Serve(l)
	return m, nil
}

func (m *meter) noting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one := request{method: r.Method, path: bare(r.URL.Path), began: time.Now()}
		// Noted also when the stream is cut, which ends the handler's
		// goroutine by a panic of net/http's.
		defer func() {
			one.ended = time.Now()
			m.mu.Lock()
			defer m.mu.Unlock()
			m.requests = append(m.requests, one)
		}()
		next.ServeHTTP(w, r)
	})
}

// bare is a path without the API version that it may begin with.
func bare(path string) string {
	if rest, ok := strings.CutPrefix(path, "/v1."); ok {
		_, rest, _ = strings.Cut(rest, "/")
		return "/" + rest
	}
	return path
}

// take returns what was noted since it was last called.
func (m *meter) take() []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	requests := m.requests
	m.requests = nil
	return requests
}

func (m *meter) close() error { return m.server.Close() }
