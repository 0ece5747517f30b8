// Package slack checks messages as Slack's incoming webhooks do, for tests that
// stand in for it.
//
// The checker is of Slack's reference (docs.slack.dev, Block Kit), not of what
// teal writes: what a block may have, what it must have, and its limits in
// characters.
package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

type object = map[string]any

// Faults is what Slack would refuse in the body of a request to an incoming
// webhook: none for a message that it takes.
func Faults(body []byte) []string {
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	dec := json.NewDecoder(bytes.NewReader(body))
	var m struct {
		Text   string   `json:"text"`
		Blocks []object `json:"blocks"`
	}
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return []string{err.Error()}
	}
	if m.Text == "" {
		add("no text for notifications")
	}
	faults = append(faults, markupFaults(m.Text)...)
	if n := len(m.Blocks); n < 1 || n > 50 {
		add("%d blocks", n)
	}
	for i, b := range m.Blocks {
		for _, f := range blockFaults(b) {
			add("block %d: %s", i, f)
		}
	}
	return faults
}

func blockFaults(b object) []string {
	allowed := map[string][]string{"header": {"text"}, "section": {"text", "fields"}, "context": {"elements"}}[fmt.Sprint(b["type"])]
	if allowed == nil {
		return []string{fmt.Sprintf("type %v", b["type"])}
	}
	var faults []string
	for key := range b {
		if key != "type" && key != "block_id" && !strings.Contains(strings.Join(allowed, " "), key) {
			faults = append(faults, "unknown key "+key)
		}
	}
	switch b["type"] {
	case "header":
		return append(faults, textFaults(b["text"], 150, "plain_text")...)
	case "context":
		return append(faults, listFaults(b["elements"], 10, 3000)...)
	}
	if b["text"] == nil && b["fields"] == nil {
		faults = append(faults, "a section without text and fields")
	}
	if b["text"] != nil {
		faults = append(faults, textFaults(b["text"], 3000, "plain_text", "mrkdwn")...)
	}
	if b["fields"] != nil {
		faults = append(faults, listFaults(b["fields"], 10, 2000)...)
	}
	return faults
}

func listFaults(v any, most, limit int) []string {
	list, ok := v.([]any)
	if !ok || len(list) < 1 || len(list) > most {
		return []string{fmt.Sprintf("a list of %d", len(list))}
	}
	var faults []string
	for _, item := range list {
		faults = append(faults, textFaults(item, limit, "plain_text", "mrkdwn")...)
	}
	return faults
}

func textFaults(v any, limit int, kinds ...string) []string {
	o, ok := v.(object)
	if !ok {
		return []string{fmt.Sprintf("a text that is %v", v)}
	}
	var faults []string
	kind, s := fmt.Sprint(o["type"]), fmt.Sprint(o["text"])
	if !strings.Contains(strings.Join(kinds, " "), kind) {
		faults = append(faults, "a text of type "+kind)
	}
	if n := utf8.RuneCountInString(s); n < 1 || n > limit {
		faults = append(faults, fmt.Sprintf("%d characters, at most %d", n, limit))
	}
	for key := range o {
		if key != "type" && key != "text" && (key != "emoji" || kind != "plain_text") {
			faults = append(faults, "unknown key "+key+" in a "+kind)
		}
	}
	return append(faults, markupFaults(s)...)
}

var (
	date     = regexp.MustCompile(`<!date\^[0-9]+\^[a-z_{} ]+\|[^<>|]+>`)
	entities = regexp.MustCompile(`&(amp|lt|gt);`)
	controls = regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f]`)
)

// markupFaults are characters that Slack reads as its own, but for a date.
func markupFaults(s string) []string {
	rest := entities.ReplaceAllString(date.ReplaceAllString(s, ""), "")
	if strings.ContainsAny(rest, "<>&") || controls.MatchString(rest) || strings.Count(rest, "```")%2 != 0 {
		return []string{fmt.Sprintf("unescaped: %q", s)}
	}
	return nil
}
