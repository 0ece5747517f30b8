package conf

import (
	"fmt"
	"strings"
)

// Error is what is wrong with a configuration, and where.
type Error struct {
	File   string
	Line   int // from 1
	Column int // in bytes, from 1
	What   string
	Via    []string // the includes that lead to File, as file:line:column, outermost first
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.What)
	if len(e.Via) == 0 {
		return text
	}
	return text + " (included from " + strings.Join(e.Via, ", ") + ")"
}
