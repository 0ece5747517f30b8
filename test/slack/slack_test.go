package slack

import (
	"strings"
	"testing"
)

// A checker that takes everything would check nothing.
func TestTheCheckerOfSlacksFormatFindsFaults(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"text":"a","blocks":[]}`, `{"text":"a","blocks":[{"type":"headline"}]}`, `{"text":"a","extra":1,"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a"}}]}`,
		`{"text":"a","blocks":[{"type":"header","text":{"type":"mrkdwn","text":"a"}}]}`, `{"text":"a","blocks":[{"type":"section"}]}`,
		`{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":""}}]}`, `{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"<!here>"}}]}`,
		`{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a","emoji":true}}]}`,
		`{"text":"a","blocks":[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("a", 151) + `"}}]}`,
	} {
		if Faults([]byte(body)) == nil {
			t.Errorf("it takes %s", body)
		}
	}
	if f := Faults([]byte(`{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a &amp; b"}}]}`)); f != nil {
		t.Errorf("it refuses what is right: %v", f)
	}
}
