package term

import (
	"encoding/json"
	"strings"
	"testing"

	"teal/internal/release"
)

func TestAProgramReadsOneObjectALineAndTheReceiptLast(t *testing.T) {
	var b strings.Builder
	j := NewJSON(&b)
	for _, ev := range story() {
		j.Event(ev)
	}
	j.Event(at(66000, release.Event{Type: release.EventNote, Text: "too late"}))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "events.jsonl", b.String())

	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var last release.Event
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if last.Type != release.EventReceipt || last.Receipt == nil || last.Error == nil || last.Error.Code != release.Gate {
		t.Errorf("the last line is %+v, want the receipt with its error", last)
	}
}
