package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// free is any text that can be printed, at most most bytes.
func free(title string, most int) kind[string] {
	return kind[string]{
		schema: func() schema { return schema{Title: title, Type: "string", MaxLength: most} },
		read:   func(v value) string { return v.plain(most) },
		shown:  filledText,
	}
}

// matched is a text of an alphabet; what ends the message about another.
func matched(title string, form *regexp.Regexp, what string) kind[string] {
	return kind[string]{
		schema: func() schema { return schema{Title: title, Type: "string", Pattern: form.String()} },
		read:   func(v value) string { s, _ := v.match(form, what); return s },
		shown:  filledText,
	}
}

func filledText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// word is one of a choice's words and what it stands for.
type word[T ~string] struct {
	text  string
	means T
}

// choice is one of some words.
func choice[T ~string](words ...word[T]) kind[T] {
	known := make([]string, len(words))
	var enum []any
	means := map[string]T{}
	for i, w := range words {
		known[i], means[w.text] = w.text, w.means
		enum = append(enum, w.text)
	}
	return kind[T]{
		schema: func() schema { return schema{Title: alternatives(known), Enum: enum} },
		read:   func(v value) T { return means[v.choice(known...)] },
		shown: func(t T) any {
			for _, w := range words {
				if w.means == t {
					return w.text
				}
			}
			return nil
		},
	}
}

// same are words that stand for themselves.
func same[T ~string](all ...T) []word[T] {
	var words []word[T]
	for _, t := range all {
		words = append(words, word[T]{string(t), t})
	}
	return words
}

// alternatives writes a, b or c.
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// toggle is true or false.
func toggle() kind[bool] {
	return kind[bool]{
		schema: func() schema { return schema{Title: "true or false", Type: "boolean"} },
		read:   value.truth,
		shown:  func(b bool) any { return b },
	}
}

// number is a whole number from low to high.
func number(low, high int) kind[int] {
	return kind[int]{
		schema: func() schema {
			return schema{Title: fmt.Sprintf("number, %d to %d", low, high), Type: "integer", Minimum: &low, Maximum: &high}
		},
		read:  func(v value) int { return v.integer(low, high) },
		shown: counted,
	}
}

func counted(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// port is a TCP port.
func port() kind[int] { return number(1, maxPort) }

const maxPort = 65535

// span is a length of time from low to high.
func span(low, high time.Duration) kind[time.Duration] {
	return kind[time.Duration]{
		schema: func() schema {
			return schema{Title: fmt.Sprintf("duration, %s to %s", brief(low), brief(high)), Type: "string", Pattern: durations.String()}
		},
		read: func(v value) time.Duration { return v.duration(low, high) },
		shown: func(d time.Duration) any {
			if d == 0 {
				return nil
			}
			return brief(d)
		},
	}
}

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
