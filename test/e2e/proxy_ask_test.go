package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// fetch asks a port of this machine for a path of the application's host and
// returns the body, or why there is none.
func (a *app) fetch(port int, path string) string {
	a.t.Helper()
	_, body := a.exchange(http.MethodGet, port, path, "", nil)
	return body
}

// exchange sends one request to a port of this machine, follows no redirect,
// and returns the answer with its body; an answer of status 0 is none.
func (a *app) exchange(method string, port int, path, body string, headers map[string]string) (*http.Response, string) {
	a.t.Helper()
	return a.exchangeAt(method, "127.0.0.1", port, path, body, headers)
}

// exchangeAt is exchange at one of this machine's loopback addresses.
func (a *app) exchangeAt(method, loopback string, port int, path, body string, headers map[string]string) (*http.Response, string) {
	a.t.Helper()
	req, err := http.NewRequest(method, fmt.Sprintf("http://%s:%d%s", loopback, port, path), strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.Host = a.host
	c := &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a.sent(c, req)
}

func (a *app) sent(c *http.Client, req *http.Request) (*http.Response, string) {
	res, err := c.Do(req)
	if err != nil {
		return &http.Response{Header: http.Header{}}, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res, err.Error()
	}
	return res, string(b)
}
