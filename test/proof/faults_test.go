//go:build linux

package main

import (
	"bytes"
	"database/sql"
	"testing"
)

func TestDeploysAreInLineWhereEachBeganWhenTheOneBeforeHadEnded(t *testing.T) {
	ended := func(at int64) sql.NullInt64 { return sql.NullInt64{Int64: at, Valid: true} }
	first := entry{id: 1, release: 1, started: 10, ended: ended(20), outcome: "done"}
	for name, tc := range map[string]struct {
		next entry
		ok   bool
	}{
		"one after the other":    {entry{2, 2, 20, ended(30), "done"}, true},
		"side by side":           {entry{2, 2, 19, ended(30), "done"}, false},
		"the same release twice": {entry{2, 1, 20, ended(30), "done"}, false},
		"one that has no end":    {entry{2, 2, 20, sql.NullInt64{}, ""}, false},
	} {
		if err := inLine([]entry{first, tc.next}); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnInventoryTellsWhatThereIsMoreOf(t *testing.T) {
	before := inventory{"networks": 2, "images": 3}
	for _, tc := range []struct {
		now  inventory
		want string
	}{
		{inventory{"networks": 2, "images": 3}, ""},
		{inventory{"networks": 1}, ""},
		{inventory{"networks": 2, "images": 4, "tables": 1}, "4 images, 3 before; 1 tables, 0 before"},
	} {
		if more := tc.now.more(before); more != tc.want {
			t.Errorf("%v after %v: %q, want %q", tc.now, before, more, tc.want)
		}
	}
}

func TestAStepIsToldWhenItsLineIsWhole(t *testing.T) {
	var all bytes.Buffer
	begun := 0
	s := &steps{to: &all, begins: func() { begun++ }}
	for _, part := range []struct {
		text string
		want int
	}{{`{"type":"plan"}` + "\n" + `{"type":"st`, 0}, {`ep","n":1}`, 0}, {"\n", 1}, {`{"type":"step"}` + "\n" + `{"type":"step"}` + "\n", 3}} {
		if n, err := s.Write([]byte(part.text)); n != len(part.text) || err != nil || begun != part.want {
			t.Errorf("after %q %d steps have begun, want %d (%d, %v)", part.text, begun, part.want, n, err)
		}
	}
}
