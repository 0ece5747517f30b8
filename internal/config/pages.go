package config

import (
	"regexp"
	"slices"
	"strconv"

	"teal/internal/release"
)

// pageForm is a status that may have a page of its own. ownStatuses are those
// that may not: teal's routes use 418 to 420 and 427 themselves, and nginx refuses 499,
// which is never sent.
var (
	pageForm    = regexp.MustCompile(`^[45][0-9][0-9]$`)
	ownStatuses = []string{"418", "419", "420", "427", "499"}
)

// errorPages is a file for each status.
func errorPages(dir string) kind[map[int]string] {
	return kind[map[int]string]{
		schema: func() schema { return named("STATUS", pageForm.String(), beside(dir).schema()) },
		read: func(v value) map[int]string {
			pages := map[int]string{}
			status := func(key value) bool { return key.is("!!int") || key.is("!!str") }
			v.pairs("a status", status, func(key, entry value) { readPage(pages, key, entry, dir) })
			return pages
		},
	}
}

func readPage(pages map[int]string, key, entry value, dir string) {
	status := key.node.Value
	if !pageForm.MatchString(status) || slices.Contains(ownStatuses, status) {
		key.refuse("%s: %q is not a status that can have a page: 400 to 599 but for 418, 419, 420, 427 and 499", key.title(), status)
		return
	}
	n, _ := strconv.Atoi(status) // three digits, by pageForm
	pages[n] = beside(dir).read(entry)
}

// The formats of an access log.
const (
	logCombined = "combined"
	logJSON     = "json"
)

func accessLogSchema(dir string) schema {
	return either("path, or a mapping", beside(dir).schema(), accessLog(dir).schema())
}

// accessLog is {path, format}.
func accessLog(dir string) kind[release.AccessLog] {
	return object(release.AccessLog{Format: logCombined}, func(l *release.AccessLog) []key {
		return []key{
			set("path", &l.Path, beside(dir), "The file, which nginx's master process opens.").
				must("no path: write it as access_log: {path: /var/log/nginx/voda.log}"),
			set("format", &l.Format, choice(same(logCombined, logJSON)...), "nginx's own format, or JSON, an object a line."),
		}
	}, nil)
}

// readAccessLog reads a path, or {path, format}.
func readAccessLog(v value, dir string) release.AccessLog {
	if v.is("!!str") {
		return release.AccessLog{Path: beside(dir).read(v), Format: logCombined}
	}
	return accessLog(dir).read(v)
}
