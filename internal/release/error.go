package release

import (
	"errors"
	"strings"
)

// Code sorts errors for machines; the command line turns it into an exit
// code.
type Code string

// The codes. Anything without one is internal.
const (
	Internal    Code = "internal"
	Invalid     Code = "invalid"     // usage or configuration
	Gate        Code = "gate"        // a gate failed; traffic is where it was
	Locked      Code = "locked"      // another deploy runs
	Unreachable Code = "unreachable" // Docker or nginx can't be reached or used
	Interrupted Code = "interrupted" // by a signal; undone
)

// Error tells a person what failed, what state the app is in now and what to
// type next. Rooms fill in what they know; the command line adds the rest.
type Error struct {
	Code   Code     `json:"code"`
	What   string   `json:"what"`             // what failed, lower case, no full stop
	Detail []string `json:"detail,omitempty"` // evidence, a line each: logs, nginx -t
	State  string   `json:"state,omitempty"`  // the state the app is in now
	Next   string   `json:"next,omitempty"`   // the next command to type, or what to change
	Err    error    `json:"-"`                // the cause, for errors.Is
}

// Error is What, with the cause behind it where neither What nor Detail, which
// is printed below it, tells it already.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.What
	}
	cause := strings.TrimSpace(e.Err.Error())
	if strings.Contains(e.What, cause) || strings.Contains(strings.Join(e.Detail, "\n"), cause) {
		return e.What
	}
	return e.What + ": " + cause
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code of the first Error in err's chain, Internal without one.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
