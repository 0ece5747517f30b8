package compose

import (
	"context"
	"fmt"
	"strings"

	"teal/internal/release"
)

// abroad refuses compose files that lie on another machine (include and
// extends of oci://, git, https://). compose would fetch them, which runs what
// somebody else may change at any time, and has let what was fetched write
// outside of its folder (CVE-2025-62725). It stands first among the loaders, so
// that the name is never looked for on this machine's disk either.
//
// A file of this machine may lie anywhere that the user may read: a compose
// file includes its neighbors.
type abroad struct{}

// Accept takes what has a scheme, and git's short form for ssh.
func (abroad) Accept(path string) bool {
	return strings.Contains(path, "://") || strings.HasPrefix(path, "git@")
}

// Load refuses it. The name may hold a password, so it is told without.
func (abroad) Load(_ context.Context, path string) (string, error) {
	return "", &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("a compose file includes or extends %s, which lies on another machine", bare(path)),
		State: "nothing was fetched, nothing was changed",
		Next:  "get the file, put it beside the others (under version control), and name its path instead",
	}
}

// Dir is asked for the folder of what was loaded, which never is.
func (abroad) Dir(string) string { return "" }

// bare is the address without user, password and what follows a question mark.
func bare(address string) string {
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	host, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndex(host, "@"); at >= 0 {
		host = host[at+1:]
	}
	return strings.TrimSuffix(scheme+"://"+host+"/"+path, "/")
}
