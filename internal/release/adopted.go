package release

import (
	"path/filepath"
	"strings"
)

// Adopted says that the site is a server block which somebody wrote by hand and
// goes on keeping. teal writes what that block includes, and never the block.
type Adopted struct {
	// Before is what served each routed service before teal did: the name of
	// an upstream block of the same nginx, or an IP address with a port. It
	// serves until the first release does, and again after teal down. A service
	// without one is answered 502 in that time.
	Before map[string]string
	// First is the color of the first release; None leaves that to the plan.
	// Where the compose files of a color publish fixed ports, those of what
	// served before are taken.
	First Color
}

// Variable is the name, without its dollar, of the variable in which nginx
// finds where the service's requests go in an adopted site: the name of an
// upstream. A location there says proxy_pass http://$NAME. nginx reads names of
// variables in lower case. No app's name has two dashes in a row, so no two apps
// share one; two services that differ in case or punctuation alone would.
func Variable(app, service string) string {
	return "teal_" + word(app) + "__" + strings.ToLower(word(service))
}

// word is a name as a part of a variable's.
func word(name string) string { return strings.NewReplacer("-", "_", ".", "_").Replace(name) }

// Include is the file that a server block of an adopted site includes, where
// the app's routed services are met: once in the block, before any set, if,
// rewrite or return of it. place names the nginx (Proxy.Place), root is teal's
// state root.
//
// A block that has rewrite directives of its own (set, if, rewrite, return
// outside of locations) includes IncludeBeside in its place: there, a request
// that comes while nginx is about to reload is not led around them, and its
// connection is not closed in the open.
func Include(root, app, place string) string {
	return filepath.Join(root, "apps", app, place+".server.inc")
}

// IncludeBeside is Include for server blocks with rewrite directives.
func IncludeBeside(root, app, place string) string {
	return filepath.Join(root, "apps", app, place+".beside.inc")
}
