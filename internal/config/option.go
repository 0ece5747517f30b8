package config

import (
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// maxKept bounds how long clients may keep a file.
const maxKept = 10 * 365 * 24 * time.Hour

func routeOptions() kind[release.RouteOptions] {
	return object(release.RouteOptions{}, routeOptionKeys, nil)
}

func routeOptionKeys(o *release.RouteOptions) []key {
	wait := span(time.Second, longest)
	return []key{
		set("read_timeout", &o.ReadTimeout, wait, "to: how long the service may be silent before the answer is given up.").usually("5m"),
		set("send_timeout", &o.SendTimeout, wait, "to: how long the service may take no byte of a request.").usually("5m"),
		set("buffering", &o.Buffering, optional(toggle()), "to: whether nginx takes answers in before it sends them on; a slow client then doesn't hold the service.").usually("true"),
		set("request_buffering", &o.RequestBuffer, optional(toggle()),
			"to: whether nginx takes requests in whole before it passes them on. Without it an upload that meets a switch can't be passed to the other color.").usually("true"),
		set("buffer_size", &o.BufferSize, size("size, 1k to 1m", 1<<10, 1<<20), "to: the buffer that an answer's header must fit in.").usually("nginx's 4k or 8k"),
		set("balance", &o.Balance, choice(
			word[release.Balance]{"round_robin", release.RoundRobin},
			word[release.Balance]{"least_conn", release.LeastConn},
			word[release.Balance]{"ip_hash", release.IPHash}),
			"to: how requests are spread over the service's replicas: in turn, to the one with the fewest connections, or by the client's address. Routes to one service share it."),
		set("headers", &o.Headers, headers(), "Headers that are added to answers."),
		set("expires", &o.Expires, span(time.Second, maxKept), "files: how long clients may keep a file without asking again.").usually("nginx says nothing of it"),
		set("limit_rate", &o.LimitRate, size("size", 1, 1<<40), "Bytes a second to each client.").usually("no limit"),
	}
}

// ownHeaders are those that nginx or teal makes; one more of them would break
// the answer, or tell a lie about it.
var ownHeaders = []string{
	"connection", "content-encoding", "content-length", "content-range", "content-type", "date", "keep-alive",
	"proxy-authenticate", "proxy-connection", "server", "te", "trailer", "transfer-encoding", "upgrade",
	"x-accel-buffering", "x-accel-redirect", "x-teal-color", "x-teal-generation",
}

// headers is a mapping of names to values.
func headers() kind[map[string]string] {
	text := matched("header value", headerForm,
		`a header's value: 1000 characters of ASCII at most, without " \ $ # { }, no space at the ends`)
	return kind[map[string]string]{
		schema: func() schema { return named("NAME", headerNameForm.String(), text.schema()) },
		read: func(v value) map[string]string {
			all, seen := map[string]string{}, map[string]string{}
			v.entries(func(key, entry value) {
				name := key.node.Value
				lower := strings.ToLower(name)
				switch other, twice := seen[lower]; {
				case !headerNameForm.MatchString(name):
					key.refuse("%s: %q is not a header's name: letters, digits and dashes, a letter first", key.title(), name)
				case slices.Contains(ownHeaders, lower):
					key.refuse("%s: %s is made by nginx or teal and can't be added", key.title(), name)
				case twice:
					key.refuse("%s: %s and %s are one header: keep one", key.title(), other, name)
				}
				seen[lower], all[name] = name, text.read(entry)
			})
			return all
		},
	}
}

// For which routes an option or key is.
var (
	forServices = []string{"read_timeout", "send_timeout", "buffering", "request_buffering", "buffer_size", "balance"}
	forFiles    = []string{"expires"}
)

// checkUse refuses what has no meaning for the route's target.
func (r routeDraft) checkUse() {
	options := r.at.entry("options")
	refuse := func(at value, keys []string, whose string) {
		for _, key := range keys {
			if one := at.entry(key); one.written() {
				one.refuse("%s: it is for routes to %s", one.title(), whose)
			}
		}
	}
	switch {
	case r.at.has("files") && !r.at.has("to"):
		refuse(r.at, []string{"strip", "max_body"}, "a service")
		refuse(options, forServices, "a service")
	case r.at.has("to") && !r.at.has("files"):
		refuse(options, forFiles, "files")
	}
}

// checkBalance refuses two ways of spreading over the same replicas, and
// gives the one way to all routes that lead to them.
func (d *draft) checkBalance() {
	first := map[string]routeDraft{}
	for _, r := range d.routes {
		at := r.at.entry("options").entry("balance")
		if r.To == "" || !at.written() {
			continue
		}
		other, ok := first[r.To]
		if ok && other.Options.Balance != r.Options.Balance {
			at.refuse("%s: the route %s spreads requests to %q in another way: keep one", at.title(), other.Path, r.To)
		}
		if !ok {
			first[r.To] = r
		}
	}
	for i, r := range d.routes {
		if r.To != "" {
			d.routes[i].Options.Balance = first[r.To].Options.Balance
		}
	}
}
