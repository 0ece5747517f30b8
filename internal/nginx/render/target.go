package render

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lines are the directives of a location that serves the target, after those
// that find out whether it does.
func (t target) Lines() []string {
	switch {
	case t.Proxied():
		return t.pass("")
	case t.Filed():
		return append(t.files(), t.apart()...)
	}
	return []string{"return 404;"}
}

// StreamLines are those for streams.
func (t target) StreamLines() []string {
	if t.Proxied() {
		return t.pass("_stream")
	}
	return t.Lines()
}

// pass hands a request to the color's service.
func (t target) pass(stream string) []string {
	var lines []string
	if t.view.Header && len(t.view.Pages) > 0 {
		lines = append(lines, fmt.Sprintf("set $teal_%s_color %s;", t.view.ID, t.color))
	}
	lines = append(lines, t.headers()...)
	switch {
	case t.route.MaxBody > 0:
		lines = append(lines, fmt.Sprintf("client_max_body_size %d;", t.route.MaxBody))
	case t.route.MaxBody < 0:
		lines = append(lines, "client_max_body_size 0;")
	}
	if stream != "" {
		lines = append(lines, t.streaming()...)
	} else {
		lines = append(lines, t.options()...)
	}
	if t.route.Strip {
		lines = append(lines, strip(t.route.Path))
	}
	return append(lines, "proxy_pass http://"+t.to+stream+";")
}

// strip takes a route's path off. Its slash may be missing in the request.
func strip(path string) string {
	return "rewrite (?s)^" + regexp.QuoteMeta(strings.TrimSuffix(path, "/")) + "/?(.*)$ /$1 break;"
}

// headers are the route's own. One add_header switches off all that would be
// inherited, so these come with it.
func (t target) headers() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(t.route.Options.Headers)) {
		lines = append(lines, fmt.Sprintf("add_header %s %q always;", name, t.route.Options.Headers[name]))
	}
	if t.view.Header && t.Proxied() {
		lines = append(lines, fmt.Sprintf("add_header X-Teal-Color %s always;", t.color))
	}
	if len(lines) > 0 {
		lines = append(lines, t.view.Inherited...)
	}
	return lines
}

// streaming keeps sockets of streams apart: keep-alive probes mark them for
// the drain, and their upstream lends no socket to a plain request. A stream
// may be silent for an hour, or for as long as the route says if that's more.
func (t target) streaming() []string {
	o := t.route.Options
	lines := []string{
		"# Keep-alive probes mark the sockets of streams for the drain, and",
		"# their upstream lends no socket to a plain request.",
		"proxy_socket_keepalive on;",
		"proxy_buffering off;",
		"proxy_read_timeout " + milliseconds(max(o.ReadTimeout, time.Hour)) + ";",
		"proxy_send_timeout " + milliseconds(max(o.SendTimeout, time.Hour)) + ";",
	}
	lines = append(lines, t.view.Passed...)
	lines = append(lines, "proxy_set_header Upgrade $teal__upgrade;", "proxy_set_header Connection $teal__conn;")
	return append(lines, t.sizes()...)
}

func (t target) options() []string {
	o := t.route.Options
	var lines []string
	add := func(given bool, format string, args ...any) {
		if given {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	add(o.ReadTimeout > 0, "proxy_read_timeout %s;", milliseconds(o.ReadTimeout))
	add(o.SendTimeout > 0, "proxy_send_timeout %s;", milliseconds(o.SendTimeout))
	add(o.Buffering != nil, "proxy_buffering %s;", onOff(o.Buffering))
	add(o.RequestBuffer != nil, "proxy_request_buffering %s;", onOff(o.RequestBuffer))
	return append(append(lines, t.tries()...), t.sizes()...)
}

// nextLimit is the server's proxy_next_upstream_timeout.
const nextLimit = 20 * time.Second

// tries end with the first silence of a server. nginx has one time for all of
// them, counted from the first connect (ngx_http_upstream_next), so a route
// that waits less than that has less of it, and so has each connect.
func (t target) tries() []string {
	limit := nextLimit
	for _, wait := range []time.Duration{t.route.Options.ReadTimeout, t.route.Options.SendTimeout} {
		if wait > 0 {
			limit = min(limit, wait)
		}
	}
	if limit == nextLimit {
		return nil
	}
	return []string{
		"proxy_next_upstream_timeout " + milliseconds(limit) + ";",
		"proxy_connect_timeout " + milliseconds(connectWait(limit)) + ";",
	}
}

// askedAgain is when the kernel asks for a connection again that a busy
// application has dropped (RFC 6298 section 2).
const askedAgain = time.Second

// connectWait is how long a connect may take so that the whole time reaches
// past nine dead servers; where there is time for three that answer late,
// until the kernel has asked again.
func connectWait(limit time.Duration) time.Duration {
	wait := max(limit/10, time.Millisecond)
	if limit/4 <= askedAgain {
		return wait
	}
	return max(wait, min(limit/4, askedAgain+askedAgain/2))
}

// sizes are the limits of an answer. nginx wants all buffers to be at least as
// large as the one for the header, and those on their way to the client to be
// fewer than all.
func (t target) sizes() []string {
	var lines []string
	if n := t.route.Options.BufferSize; n > 0 {
		lines = append(lines, fmt.Sprintf("proxy_buffer_size %d;", n), fmt.Sprintf("proxy_buffers 8 %d;", n), fmt.Sprintf("proxy_busy_buffers_size %d;", 2*n))
	}
	if n := t.route.Options.LimitRate; n > 0 {
		lines = append(lines, fmt.Sprintf("limit_rate %d;", n))
	}
	return lines
}

// files are the directives of all locations that answer from files. A symlink
// below the folder is not followed, for nginx can't say "unless it leads
// outside"; the folder itself may be one.
func (t target) files() []string {
	o := t.route.Options
	lines := t.headers()
	if o.Expires > 0 {
		lines = append(lines, fmt.Sprintf("expires %ds;", int64(o.Expires/time.Second)))
	}
	if o.LimitRate > 0 {
		lines = append(lines, fmt.Sprintf("limit_rate %d;", o.LimitRate))
	}
	return append(lines, "autoindex off;", "index index.html;", "disable_symlinks on from="+t.route.Files+";")
}

// FileLines are the directives of the public location of a route to files.
func (t target) FileLines() []string {
	return append(t.files(), "alias "+strings.TrimSuffix(t.route.Files, "/")+"/;")
}

// apart serves files from a named location, which can have no alias. A folder
// is answered with its index at once, since nginx would send clients to the
// path without its prefix.
func (t target) apart() []string {
	return []string{"root " + t.route.Files + ";", strip(t.route.Path), "try_files $uri $uri/index.html =404;"}
}

func milliseconds(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

func onOff(b *bool) string {
	if b != nil && *b {
		return "on"
	}
	return "off"
}
