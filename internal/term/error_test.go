package term

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAnErrorTellsEvidenceStateAndTheNextCommand(t *testing.T) {
	var b strings.Builder
	Error(&b, gateError())
	b.WriteString("\n")
	Error(&b, fmt.Errorf("deploy voda: %w", gateError()))
	b.WriteString("\n")
	Error(&b, errors.New("something\nwithin \x1b[2J broke"))
	golden(t, "errors.txt", b.String())
}

func TestColorsKeepTheWordsOfAnError(t *testing.T) {
	painted := errorText(gateError(), style{on: true})
	if got, want := sgr.ReplaceAllString(painted, ""), errorText(gateError(), style{}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
