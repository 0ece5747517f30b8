package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"teal/internal/release"
)

// What a health check does when teal.yaml doesn't say.
const (
	defaultAnswers = 3
	defaultTimeout = 60 * time.Second
	defaultRequest = 2 * time.Second
)

// maxBody bounds the text looked for in an answer, in bytes.
const maxBody = 1024

func defaultHealth() release.Health {
	return release.Health{Answers: defaultAnswers, Timeout: defaultTimeout, Request: defaultRequest}
}

// healthKinds are the keys that say how a replica is asked; one of them at
// most may be there.
var healthKinds = []string{"http", "tcp", "exec", "docker", "up"}

func health() kind[release.Health] {
	return object(defaultHealth(), healthKeys, checkHealth)
}

func healthKeys(h *release.Health) []key {
	return append(healthKindKeys(h),
		set("host", &h.Host, healthHost(), "http: the Host header. Without it the site's first host is sent, or else the replica's address."),
		set("port", &h.Port, port(), "http and tcp: the port asked.").usually("the service's port"),
		custom("status", statusSchema, func(v value) { h.Status = readStatus(v) },
			"http: the answers that are good, one or several.").usually("`200-299`"),
		set("body", &h.Body, free("text", maxBody), "http: text that the answer's body must hold."),
		set("answers", &h.Answers, number(1, 100), "Good answers in a row wanted from each replica."),
		set("timeout", &h.Timeout, span(100*time.Millisecond, longest), "How long the gate waits for all replicas of the service."),
		set("request", &h.Request, span(10*time.Millisecond, time.Hour), "How long one question may take."),
	)
}

// healthKindKeys are those of which one may be there.
func healthKindKeys(h *release.Health) []key {
	return []key{
		custom("http", target.schema, func(v value) { h.Kind, h.Path = release.HealthHTTP, target.read(v) },
			"Asks for this path and query."),
		custom("tcp", tcpSchema, func(v value) { readTCP(v, h) },
			"Connects: `true` to the service's port, or to the port given."),
		custom("exec", arguments("[pg_isready, -q]").schema, func(v value) { readExec(v, h) },
			"Runs a command in the container; exit code 0 is a good answer."),
		custom("docker", onlyTrue, func(v value) { readFlag(v, h, release.HealthDocker, "true") },
			"Takes the image's or the compose file's own HEALTHCHECK."),
		custom("up", onlyTrue, func(v value) { readFlag(v, h, release.HealthUp, "true") },
			"Is content with a container that stays up."),
	}
}

var target = matched("path and query", targetForm, "a path: begin with /, then letters, digits and - . _ ~ / ? = & % + , : @")

func onlyTrue() schema { return schema{Title: "true", Enum: []any{true}} }

func tcpSchema() schema { return either("true or a port", onlyTrue(), port().schema()) }

// readTCP reads true, for the service's port, or a port.
func readTCP(v value, h *release.Health) {
	if v.is("!!int") {
		h.Kind, h.Port = release.HealthTCP, port().read(v)
		return
	}
	readFlag(v, h, release.HealthTCP, "true or a port")
}

// readFlag reads true. False could mean "no check at all" or "the usual one",
// so it is refused.
func readFlag(v value, h *release.Health, kind release.HealthKind, want string) {
	if !v.is("!!bool") {
		v.mistyped(want)
		return
	}
	if !v.truth() {
		v.refuse("%s: write %s, or leave it out", v.title(), want)
		return
	}
	h.Kind = kind
}

func readExec(v value, h *release.Health) {
	h.Kind = release.HealthExec
	h.Command = arguments("[pg_isready, -q]").read(v)
}

// checkHealth refuses what contradicts itself.
func checkHealth(h *release.Health, v value) {
	if !v.has("request") {
		h.Request = min(h.Request, h.Timeout)
	}
	if kinds := slices.DeleteFunc(slices.Clone(healthKinds), func(k string) bool { return !v.has(k) }); len(kinds) > 1 {
		v.refuse("%s: %s at once: keep one kind of check", v.title(), strings.Join(kinds, " and "))
		return
	}
	for _, key := range []string{"host", "status", "body"} {
		if v.has(key) && h.Kind != release.HealthHTTP {
			v.refuse("%s: %s is for http checks only", v.title(), key)
		}
	}
	if v.has("port") && !asksPort(*h) {
		v.refuse("%s: port is for http and tcp checks only", v.title())
	}
	if v.has("port") && h.Kind == release.HealthTCP && v.entry("tcp").is("!!int") {
		v.refuse("%s: tcp and port both give a port: keep one", v.title())
	}
	if v.has("request") && h.Request > h.Timeout {
		v.refuse("%s: one request may take %s, longer than the whole timeout of %s", v.title(), brief(h.Request), brief(h.Timeout))
	}
}

// healthHost is a Host header: a host name or address, with a port or without.
func healthHost() kind[string] {
	return kind[string]{
		schema: func() schema {
			return schema{Title: "host", Type: "string", Pattern: `^[a-zA-Z0-9.-]+(:[1-9][0-9]{0,4})?$`}
		},
		read: readHealthHost,
	}
}

func readHealthHost(v value) string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	name, port, found := strings.Cut(strings.ToLower(s), ":")
	n, err := strconv.Atoi(port)
	if !hostName(name) || found && (err != nil || !decimal.MatchString(port) || n < 1 || n > maxPort) {
		v.refuse("%s: %q is not a host: write voda.example or voda.example:8080", v.title(), s)
		return ""
	}
	return strings.ToLower(s)
}

// statusForm is one code or a range of them.
var statusForm = regexp.MustCompile(`^([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?$`)

func statusSchema() schema {
	low, high := 100, 599
	one := schema{Title: "status or range of them", Type: []string{"integer", "string"}, Minimum: &low, Maximum: &high, Pattern: statusForm.String()}
	return either(`status, a range ("200-399"), or a list of them`, one, filled(one))
}

// readStatus reads 200, "200-399", or a list of such.
func readStatus(v value) []release.StatusRange {
	var all []release.StatusRange
	if !v.isList() {
		return []release.StatusRange{readStatusRange(v)}
	}
	v.items(func(v value) { all = append(all, readStatusRange(v)) })
	if len(all) == 0 {
		v.refuse("%s: the list is empty: name a status or leave it out", v.title())
	}
	return all
}

func readStatusRange(v value) release.StatusRange {
	if !v.is("!!int") && !v.is("!!str") {
		v.mistyped(`a status: 200, "200-399", or a list of them`)
		return release.StatusRange{}
	}
	part := statusForm.FindStringSubmatch(v.node.Value)
	if part == nil || part[2] != "" && part[2] < part[1] {
		v.refuse(`%s: %q is not a status: write 200, "200-399", or a list of them`, v.title(), v.node.Value)
		return release.StatusRange{}
	}
	from, _ := strconv.Atoi(part[1]) // three digits, by statusForm
	to, err := strconv.Atoi(part[2])
	if err != nil {
		to = from
	}
	return release.StatusRange{From: from, To: to}
}
