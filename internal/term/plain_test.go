package term

import (
	"errors"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

func TestAPipeGetsALineForEachEvent(t *testing.T) {
	var b strings.Builder
	p := NewPlain(&b)
	for _, ev := range story() {
		p.Event(ev)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "plain.txt", b.String())
}

func TestAnEventWithoutAStepOrTextIsStillALine(t *testing.T) {
	var b strings.Builder
	NewPlain(&b).Event(release.Event{Time: noon, Type: release.EventDone, Took: time.Second})
	if got, want := b.String(), "12:00:00  step: done in 1.0 s\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{ writes int }

func (d *fullDisk) Write([]byte) (int, error) { d.writes++; return 0, errFull }

func TestAStreamThatCannotBeWrittenGoesOnAndSaysSoAtItsEnd(t *testing.T) {
	size := func() (int, int) { return 80, 24 }
	for name, open := range map[string]func(*fullDisk) Stream{
		"plain": func(d *fullDisk) Stream { return NewPlain(d) },
		"json":  func(d *fullDisk) Stream { return NewJSON(d) },
		"tty":   func(d *fullDisk) Stream { return newTTY(d, size, time.Now, style{}) },
	} {
		t.Run(name, func(t *testing.T) {
			var disk fullDisk
			s := open(&disk)
			for _, ev := range story() {
				s.Event(ev)
			}
			if err := s.Close(); !errors.Is(err, errFull) {
				t.Errorf("close: %v, want %v", err, errFull)
			}
			if disk.writes != 1 {
				t.Errorf("%d writes, want none after the first failed", disk.writes)
			}
		})
	}
}
