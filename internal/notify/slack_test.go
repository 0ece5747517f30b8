package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"teal/internal/release"
)

// The checker is of Slack's reference, not of slack.go: what a block may have,
// what it must have, and its limits in characters.

type object = map[string]any

// slackFaults is what Slack would refuse in the body.
func slackFaults(body []byte) []string {
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

// nasty is a failure with everything in it that Slack could stumble over.
func nasty(size int) *release.Error {
	line := strings.Repeat("<!channel> & ```ende``` \x1b[31m \u202e é ", size)
	return &release.Error{Code: release.Gate, What: line, Detail: strings.Split(strings.Repeat(line+"\n", 20), "\n"), State: line, Next: line}
}

func TestWhatSlackGetsKeepsItsFormatAndItsLimits(t *testing.T) {
	r := newReceiver(t)
	long := receipt(release.KindDeploy, release.OutcomeFailed)
	bare := receipt(release.KindDown, release.OutcomeFailed)
	bare.Release, bare.Clients, bare.Witness = 0, nil, nil
	wide := begun
	wide.Text, wide.By, wide.Hosts = strings.Repeat("&", 400), strings.Repeat("<", 3000), strings.Split(strings.Repeat("a.example ", 500), " ")
	ends := []Message{
		begun.Ended(receipt(release.KindDeploy, release.OutcomeDone), nil), begun.Ended(long, &outcry),
		begun.Ended(long, nasty(1)), begun.Ended(long, nasty(200)), begun.Ended(bare, &release.Error{What: "no"}),
		wide.Ended(receipt(release.KindRollback, release.OutcomeDone), nil),
	}
	if told := tell([]release.Notify{slackTarget()}, r.environ(), ends...); !told[0].OK || len(r.got) != len(ends)+1 {
		t.Fatalf("%v, %d came", told, len(r.got))
	}
	for i, got := range r.got {
		for _, f := range slackFaults(got.body) {
			t.Errorf("message %d: %s", i, f)
		}
	}
}

func TestASlackMessageTellsWhatAPersonAsksFirst(t *testing.T) {
	r := newReceiver(t)
	tell([]release.Notify{slackTarget()}, r.environ(), begun.Ended(receipt(release.KindDeploy, release.OutcomeFailed), &outcry))
	text := string(r.got[1].body)
	for _, want := range []string{
		"shop: deploy of release 43 failed, green is live", "shop.example", "43, before 42", "me@here", "12.3s", "1000 requests, 1 lost",
		"300 requests, 2 lost", "web-green-1 never got healthy in 60s: connection refused", `\u0026lt;all\u0026gt; \u0026amp; any`, "password=***", "blue is live with release 42", "teal deploy",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "tealtest") {
		t.Errorf("a secret is in it:\n%s", text)
	}
}

// A checker that takes everything would check nothing.
func TestTheCheckerOfSlacksFormatFindsFaults(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"text":"a","blocks":[]}`, `{"text":"a","blocks":[{"type":"headline"}]}`, `{"text":"a","extra":1,"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a"}}]}`,
		`{"text":"a","blocks":[{"type":"header","text":{"type":"mrkdwn","text":"a"}}]}`, `{"text":"a","blocks":[{"type":"section"}]}`,
		`{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":""}}]}`, `{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"<!here>"}}]}`,
		`{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a","emoji":true}}]}`,
		`{"text":"a","blocks":[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("a", 151) + `"}}]}`,
	} {
		if slackFaults([]byte(body)) == nil {
			t.Errorf("it takes %s", body)
		}
	}
	if f := slackFaults([]byte(`{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a &amp; b"}}]}`)); f != nil {
		t.Errorf("it refuses what is right: %v", f)
	}
}
