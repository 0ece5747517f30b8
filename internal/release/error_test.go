package release

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestAnErrorKeepsItsCodeAndCauseWhenWrapped(t *testing.T) {
	err := fmt.Errorf("start green: %w", &Error{Code: Gate, What: "web exited", Err: io.ErrUnexpectedEOF})
	if CodeOf(err) != Gate || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("code %s of %v", CodeOf(err), err)
	}
	if got := err.Error(); got != "start green: web exited: unexpected EOF" {
		t.Errorf("reads %q", got)
	}
	again := &Error{What: "start green: web exited", Detail: []string{"EOF"}, Err: &Error{What: "web exited", Detail: []string{"EOF"}, Err: io.EOF}}
	if got := again.Error(); got != "start green: web exited" {
		t.Errorf("the cause is told twice: %q", got)
	}
	if CodeOf(io.EOF) != Internal {
		t.Error("an error without a code is internal")
	}
}
