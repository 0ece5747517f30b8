package site

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The requests that are Docker's create and start of containers: connecting a
// created container to its further networks is a part of creating it, which
// API 1.41 can't do in one request.
func creates(r request) bool {
	return r.method == http.MethodPost && (r.path == "/containers/create" || strings.HasSuffix(r.path, "/start") || strings.HasSuffix(r.path, "/connect"))
}

// starts is the start of a container.
func starts(r request) bool {
	return r.method == http.MethodPost && strings.HasSuffix(r.path, "/start")
}

// changes is whatever else changes something: networks created, containers
// stopped and removed.
func changes(r request) bool {
	return r.method != http.MethodGet && r.method != http.MethodHead && !creates(r)
}

// reads is a question.
func reads(r request) bool { return !creates(r) && !changes(r) }

// busy is how long Docker was at work on requests of a kind: those that
// overlap count once.
func busy(requests []request, of func(request) bool) (total time.Duration) {
	mine := slices.DeleteFunc(slices.Clone(requests), func(r request) bool { return !of(r) })
	slices.SortFunc(mine, func(a, b request) int { return cmp.Compare(a.began.UnixNano(), b.began.UnixNano()) })
	var until time.Time
	for _, r := range mine {
		if from := latest(r.began, until); r.ended.After(from) {
			total += r.ended.Sub(from)
			until = r.ended
		}
	}
	return total
}

// lastEnd is when the last request of a kind had been answered.
func lastEnd(requests []request, of func(request) bool) (end time.Time) {
	for _, r := range requests {
		if of(r) {
			end = latest(end, r.ended)
		}
	}
	return end
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
