package cli

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"teal/internal/compose"
	"teal/internal/release"
)

// endless goes on until it is told to stop, as teal logs --follow does.
func endless(ctx context.Context, line func(compose.LogLine)) error {
	for ctx.Err() == nil {
		line(compose.LogLine{Source: "web-green-1", Text: "hello"})
	}
	return nil
}

func printsTo(t *testing.T, out *os.File, json bool) error {
	t.Helper()
	g := &globals{env: Env{Out: out}, json: json}
	return g.passOn(t.Context(), endless)
}

func TestLinesThatCannotBeWrittenAreAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, json := range []bool{false, true} {
		err := printsTo(t, full, json)
		if err == nil || !strings.Contains(err.Error(), "no space left on device") || exitOf(err) != exitInternal {
			t.Errorf("json %v: %v, exit code %d", json, err, exitOf(err))
		}
	}
}

func TestAReaderThatLeavesHasSeenEnough(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in.Close()
	if err := printsTo(t, out, false); err != nil {
		t.Errorf("%v", err)
	}
}

func TestAnErrorOfReadingIsTold(t *testing.T) {
	g := &globals{env: Env{Out: io.Discard}}
	gone := &release.Error{Code: release.Unreachable, What: "docker is gone"}
	err := g.passOn(t.Context(), func(context.Context, func(compose.LogLine)) error { return gone })
	if err != error(gone) {
		t.Errorf("%v", err)
	}
}
