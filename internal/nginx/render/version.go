package render

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
)

// Version is an nginx version; the zero Version is older than all.
type Version [3]int

var versionForm = regexp.MustCompile(`^(\d{1,4})\.(\d{1,4})\.(\d{1,4})`)

// ParseVersion reads "1.22.1", with whatever a packager put behind it.
func ParseVersion(text string) Version {
	var v Version
	m := versionForm.FindStringSubmatch(text)
	for i := range min(len(m), 4) - 1 {
		v[i], _ = strconv.Atoi(m[i+1]) // digits, by versionForm
	}
	return v
}

// since reports whether this nginx is not older than that.
func (v Version) since(other Version) bool {
	return slices.CompareFunc(v[:], other[:], cmp.Compare[int]) >= 0
}

// What nginx can do since when (nginx.org/en/CHANGES).
var (
	rejectsHandshakes = Version{1, 19, 4} // ssl_reject_handshake
	namesHTTP2        = Version{1, 25, 1} // http2 is a directive, no word of listen
	keepsConnections  = Version{1, 27, 4} // keepalive_min_timeout
)

// KeepsConnections reports whether an exiting worker of this nginx can be told
// to leave idle connections open, so that none needs to be closed before a
// reload.
func (v Version) KeepsConnections() bool { return v.since(keepsConnections) }
