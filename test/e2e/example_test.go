package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// answers checks that clients who name the site get the given version.
func (a *app) answers(path string, version int) {
	a.t.Helper()
	res, body := a.exchange(http.MethodGet, a.port, path, "", nil)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, fmt.Sprintf("version %d", version)) {
		a.t.Errorf("%s answers %d %s, want version %d", path, res.StatusCode, body, version)
	}
}

// slack is a receiver of messages.
func slack(t *testing.T) (url string, heard func() string) {
	var mu sync.Mutex
	var all strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&all, r.Body)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}
