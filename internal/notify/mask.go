package notify

import (
	"regexp"
	"slices"
	"strings"

	"teal/internal/release"
)

// Mask takes secrets out of texts: those it knows, and what looks like one.
// It can't know them all, so what a container prints is best kept clean there.
type Mask struct {
	known []string // longest first
}

// shortest is how long a known secret must be, in bytes: anything shorter
// would take common words out of a text.
const shortest = 6

const blot = "***"

// secretName is how variables are named whose values are secrets.
const secretName = `(?i:passw(?:or)?d|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|webhook|dsn)`

var (
	secretVariable = regexp.MustCompile(secretName)
	// looks are what secrets look like, and what is left of them.
	looks = []struct {
		form *regexp.Regexp
		left string
	}{
		{regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\z)`), blot},
		{regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@'"]+@`), "${1}" + blot + "@"},
		{regexp.MustCompile(`(https?://hooks\.slack(?:-gov)?\.com/)[^\s'"]+`), "${1}" + blot},
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}`), "${1} " + blot},
		{regexp.MustCompile(`([a-zA-Z0-9_.-]*` + secretName + `[a-zA-Z0-9_.-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;}&]+)`), "${1}" + blot},
		{regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[a-z]-[\w-]{10,}|AKIA[A-Z0-9]{16}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)`), blot},
	}
)

// folders are variables that are named like a password and aren't one.
var folders = []string{"PWD", "OLDPWD"}

// NewMask knows the values of those variables (NAME=VALUE) whose names are
// those of secrets.
func NewMask(environ []string) *Mask {
	m := &Mask{}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); secretVariable.MatchString(name) && !slices.Contains(folders, name) {
			m.hide(value)
		}
	}
	return m
}

func (m *Mask) hide(secrets ...string) {
	for _, s := range secrets {
		if len(s) >= shortest {
			m.known = append(m.known, s)
		}
	}
	slices.SortFunc(m.known, func(a, b string) int { return len(b) - len(a) })
}

// Text is the text without secrets.
func (m *Mask) Text(s string) string {
	for _, secret := range m.known {
		s = strings.ReplaceAll(s, secret, blot)
	}
	for _, l := range looks {
		s = l.form.ReplaceAllString(s, l.left)
	}
	return s
}

// Error is a copy of the error without secrets, nil for nil.
func (m *Mask) Error(e *release.Error) *release.Error {
	if e == nil {
		return nil
	}
	clean := &release.Error{Code: e.Code, What: m.Text(e.Error()), State: m.Text(e.State), Next: m.Text(e.Next)}
	// A key has several lines: they are looked at together.
	if len(e.Detail) > 0 {
		clean.Detail = strings.Split(m.Text(strings.Join(e.Detail, "\n")), "\n")
	}
	return clean
}
