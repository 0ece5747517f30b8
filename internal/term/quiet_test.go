package term

import (
	"errors"
	"strings"
	"testing"

	"teal/internal/release"
)

func TestAQuietStreamHasNothingButTheReceipt(t *testing.T) {
	var b strings.Builder
	s := New(&b, Receipts)
	for _, ev := range story() {
		s.Event(ev)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := receiptText(*failedReceipt(), style{}); b.String() != want {
		t.Errorf("%q\nwant %q", b.String(), want)
	}
	s.Event(release.Event{Type: release.EventReceipt}) // a down that was refused has none
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAQuietStreamThatCannotBeWrittenSaysSo(t *testing.T) {
	s := NewQuiet(&fullDisk{})
	for _, ev := range story() {
		s.Event(ev)
	}
	if err := s.Close(); !errors.Is(err, errFull) {
		t.Errorf("close: %v", err)
	}
}

func TestNoColorsWhereNobodyWantsThem(t *testing.T) {
	for value, on := range map[string]bool{"": true, "1": false, "0": false} {
		t.Setenv("NO_COLOR", value)
		if styleFor(true).on != on || styleFor(false).on {
			t.Errorf("NO_COLOR=%s: %v", value, styleFor(true).on)
		}
	}
}
