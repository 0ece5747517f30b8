package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// text reads a string. The bool is false after a mistake.
func (v value) text() (string, bool) {
	if !v.is("!!str") {
		v.mistyped("text")
		return "", false
	}
	return v.node.Value, true
}

// match reads a string that an alphabet allows; what says what it should be.
func (v value) match(form *regexp.Regexp, what string) (string, bool) {
	s, ok := v.text()
	if ok && !form.MatchString(s) {
		v.refuse("%s: %q is not %s", v.title(), s, what)
		return "", false
	}
	return s, ok
}

// plain reads text that is only compared or passed on: anything but control
// characters, which would end up in terminals and logs. most is in bytes.
func (v value) plain(most int) string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		v.refuse("%s: %q has characters that can't be printed", v.title(), s)
		return ""
	}
	if len(s) > most {
		v.refuse("%s: %d bytes are too many, the limit is %d", v.title(), len(s), most)
		return ""
	}
	return s
}

// choice reads one of the known words.
func (v value) choice(known ...string) string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	if !slices.Contains(known, s) {
		v.refuse("%s: %q is not known: %s", v.title(), s, suggest(s, known))
		return ""
	}
	return s
}

// truth reads true or false.
func (v value) truth() bool {
	if !v.is("!!bool") {
		v.mistyped("true or false")
		return false
	}
	return strings.EqualFold(v.node.Value, "true")
}

// decimal is how a number is written: no sign, no base, no underscore, since
// YAML readers differ on what those mean.
var decimal = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// integer reads a number from low to high.
func (v value) integer(low, high int) int {
	if !v.is("!!int") || !decimal.MatchString(v.node.Value) {
		v.mistyped("a number")
		return 0
	}
	n, err := strconv.Atoi(v.node.Value)
	if err != nil || n < low || n > high {
		v.refuse("%s: %.40s is out of range: %d to %d", v.title(), v.node.Value, low, high)
		return 0
	}
	return n
}

// durations is how a length of time is written.
var durations = regexp.MustCompile(`^([0-9]+(ms|s|m|h))+$`)

// duration reads a length of time from low to high.
func (v value) duration(low, high time.Duration) time.Duration {
	if v.is("!!int") {
		v.refuse("%s: %.40s has no unit: write it as 500ms, 30s, 2m or 1h30m", v.title(), v.node.Value)
		return 0
	}
	s, ok := v.text()
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if !durations.MatchString(s) || err != nil {
		v.refuse("%s: %q is not a duration: write it as 500ms, 30s, 2m or 1h30m", v.title(), s)
		return 0
	}
	if d < low || d > high {
		v.refuse("%s: %s is out of range: %s to %s", v.title(), s, brief(low), brief(high))
		return 0
	}
	return d
}

// brief prints a duration as it is written in teal.yaml: 24h, not 24h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
