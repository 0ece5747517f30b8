package config

import "regexp"

// The alphabets. None of them has a quote, a space, a control character or
// one of nginx's ; { } $ # \, so a value that passed can stand anywhere in
// nginx's config. Go's $ in an expression matches at the very end only, not
// before a last newline.
var (
	appForm     = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9]){0,31}$`)
	serviceForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,49}$`)

	// labelForm is one part of a host name (RFC 1123 section 2.1).
	labelForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

	// routeForm is RFC 3986's unreserved characters and the slash.
	routeForm = regexp.MustCompile(`^/[a-zA-Z0-9._~/-]*$`)

	// targetForm is a health check's path and query.
	targetForm = regexp.MustCompile(`^/[a-zA-Z0-9._~/?=&%+,:@-]*$`)

	// fileForm is an absolute path that nginx and its master process are
	// given.
	fileForm = regexp.MustCompile(`^/[a-zA-Z0-9._/+-]+$`)
)
