package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"teal/internal/release"
)

// Slack's limits, in characters (docs.slack.dev, reference of Block Kit). They
// are kept in the escaped text, which is what is sent.
const (
	maxHeader = 150
	maxField  = 2000
	maxText   = 3000
)

// evidence is how many lines of a failure's evidence are sent: the first tell
// what happened, the others are where teal ran.
const evidence = 12

// block is a block of Block Kit, as far as teal uses them.
type block struct {
	Type     string `json:"type"`
	Text     *text  `json:"text,omitempty"`
	Fields   []text `json:"fields,omitempty"`
	Elements []text `json:"elements,omitempty"`
}

type text struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji,omitempty"` // plain_text alone
}

// slackMessage is the body of an incoming webhook's request. Text is what a
// notification shows and what is read aloud.
type slackMessage struct {
	Text   string  `json:"text"`
	Blocks []block `json:"blocks"`
}

func (m Message) slack() slackMessage {
	blocks := []block{
		{Type: "header", Text: &text{Type: "plain_text", Text: bounded(oneLine(m.Text), maxHeader), Emoji: new(false)}},
		{Type: "section", Fields: m.fields()},
	}
	if m.Error != nil {
		blocks = append(blocks, m.failure()...)
	}
	about := fmt.Sprintf("teal · deploy %d · by %s · <!date^%d^{date_short_pretty} {time}|%s>",
		m.Deploy, escaped(m.By), m.Time.Unix(), m.Time.UTC().Format("2006-01-02 15:04 UTC"))
	blocks = append(blocks, block{Type: "context", Elements: []text{markdown(bounded(about, maxField))}})
	return slackMessage{Text: bounded(escaped(oneLine(m.Text)), maxText), Blocks: blocks}
}

func markdown(s string) text { return text{Type: "mrkdwn", Text: s} }

// fields are the facts; Slack shows ten at most.
func (m Message) fields() []text {
	var all []text
	add := func(name, value string) {
		if value != "" {
			all = append(all, markdown(bounded("*"+name+"*\n"+escaped(value), maxField)))
		}
	}
	add("App", strings.Join(append([]string{m.App}, m.Hosts...), "\n"))
	add("Release", numbered(m))
	add("Color", string(m.Color))
	add("Who", m.By)
	if m.Receipt == nil {
		return all
	}
	add("Took", took(m.Took))
	if c := m.Receipt.Clients; c != nil {
		add("Clients", fmt.Sprintf("%d requests, %d lost", c.Requests, c.Lost))
	}
	if w := m.Receipt.Witness; w != nil {
		add("Witness", fmt.Sprintf("%d requests, %d lost", w.Sent, w.Lost()))
	}
	return all
}

func numbered(m Message) string {
	if m.Release == 0 {
		return ""
	}
	if m.Replaced == 0 {
		return fmt.Sprint(m.Release)
	}
	return fmt.Sprintf("%d, before %d", m.Release, m.Replaced)
}

func took(d time.Duration) string {
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// failure says what failed, the first lines of the evidence, where the app
// stands and what to do next.
func (m Message) failure() []block {
	blocks := []block{section("*What failed*\n" + escaped(oneLine(m.Error.What)))}
	if lines := firstLines(m.Error); lines != "" {
		blocks = append(blocks, section("```"+bounded(lines, maxText-6)+"```"))
	}
	if m.Error.State != "" {
		blocks = append(blocks, section("*State*\n"+escaped(oneLine(m.Error.State))))
	}
	if m.Error.Next != "" {
		blocks = append(blocks, section("*Next*\n"+escaped(oneLine(m.Error.Next))))
	}
	return blocks
}

func section(s string) block {
	body := markdown(bounded(s, maxText))
	return block{Type: "section", Text: &body}
}

func firstLines(e *release.Error) string {
	var lines []string
	for _, line := range e.Detail {
		if len(lines) == evidence {
			lines = append(lines, "…")
			break
		}
		// Backquotes would end the block that the lines stand in.
		lines = append(lines, strings.ReplaceAll(escaped(oneLine(line)), "`", "'"))
	}
	return strings.Join(lines, "\n")
}

// escaped writes the three characters that Slack reads as its own: <!channel>
// in a log must not call a channel.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// oneLine is text without control characters.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}

// bounded cuts an escaped text, but not within one of the three entities.
func bounded(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	cut := string([]rune(s)[:most-1])
	if at := strings.LastIndexByte(cut, '&'); at >= 0 && !strings.Contains(cut[at:], ";") {
		cut = cut[:at]
	}
	return cut + "…"
}
