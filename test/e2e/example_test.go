package e2e

import (
	"fmt"
	"net/http"
	"strings"
)

// answers checks that clients who name the site get the given version.
func (a *app) answers(path string, version int) {
	a.t.Helper()
	res, body := a.exchange(http.MethodGet, a.port, path, "", nil)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, fmt.Sprintf("version %d", version)) {
		a.t.Errorf("%s answers %d %s, want version %d", path, res.StatusCode, body, version)
	}
}
