package config

import (
	"regexp"
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

// maxBody and maxArgument bound the texts of a health check, in bytes.
const (
	maxBody     = 1024
	maxArgument = 4096
)

func defaultHealth() release.Health {
	return release.Health{Answers: defaultAnswers, Timeout: defaultTimeout, Request: defaultRequest}
}

// healthDraft is a health check while it is read.
type healthDraft struct {
	release.Health
	kinds []string // the kinds the file asks for; more than one is a mistake
}

func readHealth(v value) release.Health {
	h := healthDraft{Health: defaultHealth()}
	v.object(fields{
		"http":    h.readHTTP,
		"tcp":     h.readTCP,
		"exec":    h.readExec,
		"docker":  func(v value) { h.readFlag(v, release.HealthDocker, "true") },
		"up":      func(v value) { h.readFlag(v, release.HealthUp, "true") },
		"host":    func(v value) { h.Host = readHealthHost(v) },
		"port":    func(v value) { h.Port = v.integer(1, 65535) },
		"status":  func(v value) { h.Status = readStatus(v) },
		"body":    func(v value) { h.Body = v.plain(maxBody) },
		"answers": func(v value) { h.Answers = v.integer(1, 100) },
		"timeout": func(v value) { h.Timeout = v.duration(100*time.Millisecond, 24*time.Hour) },
		"request": func(v value) { h.Request = v.duration(10*time.Millisecond, time.Hour) },
	})
	h.check(v)
	if !v.has("request") {
		h.Request = min(h.Request, h.Timeout)
	}
	return h.Health
}

func (h *healthDraft) is(kind release.HealthKind) {
	h.Kind = kind
	h.kinds = append(h.kinds, string(kind))
}

func (h *healthDraft) readHTTP(v value) {
	h.is(release.HealthHTTP)
	h.Path, _ = v.match(targetForm, "a path: begin with /, then letters, digits and - . _ ~ / ? = & % + , : @")
}

// readTCP reads true, for the service's port, or a port.
func (h *healthDraft) readTCP(v value) {
	if v.is("!!int") {
		h.is(release.HealthTCP)
		h.Port = v.integer(1, 65535)
		return
	}
	h.readFlag(v, release.HealthTCP, "true or a port")
}

// readFlag reads true. False could mean "no check at all" or "the usual one",
// so it is refused.
func (h *healthDraft) readFlag(v value, kind release.HealthKind, want string) {
	if !v.is("!!bool") {
		v.mistyped(want)
		return
	}
	if !v.truth() {
		v.refuse("%s: write %s, or leave it out", v.title(), want)
		return
	}
	h.is(kind)
}

// readExec reads an argument vector. A single text is refused: splitting it
// would take a shell, and teal runs none.
func (h *healthDraft) readExec(v value) {
	h.is(release.HealthExec)
	if !v.isList() {
		v.mistyped(`a list of arguments, as in [pg_isready, -q]`)
		return
	}
	v.items(func(v value) { h.Command = append(h.Command, readArgument(v)) })
	if len(v.node.Content) == 0 || v.node.Content[0].Value == "" {
		v.refuse("%s: no command to run", v.title())
	}
}

// readArgument reads any text but NUL, which would end the argument early.
func readArgument(v value) string {
	s, ok := v.text()
	if ok && strings.ContainsRune(s, 0) {
		v.refuse("%s: an argument can't hold a NUL character", v.title())
	}
	if len(s) > maxArgument {
		v.refuse("%s: %d bytes are too many, the limit is %d", v.title(), len(s), maxArgument)
	}
	return s
}

// check refuses what contradicts itself.
func (h *healthDraft) check(v value) {
	if len(h.kinds) > 1 {
		v.refuse("%s: %s at once: keep one kind of check", v.title(), strings.Join(h.kinds, " and "))
		return
	}
	for _, key := range []string{"host", "status", "body"} {
		if v.has(key) && h.Kind != release.HealthHTTP {
			v.refuse("%s: %s is for http checks only", v.title(), key)
		}
	}
	if v.has("port") && !asksPort(h.Health) {
		v.refuse("%s: port is for http and tcp checks only", v.title())
	}
	if v.has("port") && h.Kind == release.HealthTCP && v.entry("tcp").is("!!int") {
		v.refuse("%s: tcp and port both give a port: keep one", v.title())
	}
	if v.has("request") && h.Request > h.Timeout {
		v.refuse("%s: one request may take %s, longer than the whole timeout of %s", v.title(), brief(h.Request), brief(h.Timeout))
	}
}

// readHealthHost reads a Host header: a host name or address, with a port or
// without.
func readHealthHost(v value) string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	name, port, found := strings.Cut(strings.ToLower(s), ":")
	n, err := strconv.Atoi(port)
	if !hostName(name) || found && (err != nil || !decimal.MatchString(port) || n < 1 || n > 65535) {
		v.refuse("%s: %q is not a host: write voda.example or voda.example:8080", v.title(), s)
		return ""
	}
	return strings.ToLower(s)
}

// statusForm is one code or a range of them.
var statusForm = regexp.MustCompile(`^([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?$`)

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
