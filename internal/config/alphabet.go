package config

import "regexp"

// The alphabets. None of them has a quote, a space, a control character or
// one of nginx's ; { } $ # \, so a value that passed can stand anywhere in
// nginx's config; headerForm is the one exception. Go's $ in an expression
// matches at the very end only, not before a last newline. The schema carries
// them as patterns: they hold to what Go and ECMA-262 read alike.
var (
	appForm     = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9]){0,31}$`)
	serviceForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,49}$`)

	// containerForm is what Docker takes for a container's name.
	containerForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$`)

	// proxyForm tells two proxies apart, in messages and in file names.
	proxyForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

	// labelForm is one part of a host name (RFC 1123 section 2.1).
	labelForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

	// hostForm is what a site's host looks like; hostName is stricter.
	hostForm = regexp.MustCompile(`^(\*\.)?[a-zA-Z0-9.-]+$`)

	// routeForm is RFC 3986's unreserved characters and the slash.
	routeForm = regexp.MustCompile(`^/[a-zA-Z0-9._~/-]*$`)

	// targetForm is a health check's path and query.
	targetForm = regexp.MustCompile(`^/[a-zA-Z0-9._~/?=&%+,:@-]*$`)

	// headerNameForm is a header's name: fewer characters than RFC 9110
	// section 5.1 allows, those that are in use.
	headerNameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

	// headerForm is a header's value. It has spaces, semicolons and single
	// quotes, since policies are written with them, so it must stand in
	// double quotes in nginx's config; what means something there is missing:
	// " \ $ and, to be safe, # { }.
	headerForm = regexp.MustCompile(`^[!%-Z\[\]^-z|~]([ !%-Z\[\]^-z|~]{0,998}[!%-Z\[\]^-z|~])?$`)
)
