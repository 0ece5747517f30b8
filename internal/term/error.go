package term

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"teal/internal/release"
)

// Error prints an error for people: what failed, the evidence indented behind
// a bar, the state the app is in now and the next command to type. It is the
// only place that does. Colors are used where w is a terminal.
func Error(w io.Writer, err error) {
	// There is nobody left to tell when standard error can't be written.
	_, _ = io.WriteString(w, errorText(err, styleOf(w)))
}

func errorText(err error, s style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", s.red("error:"), Clean(err.Error()))
	var e *release.Error
	if !errors.As(err, &e) {
		return b.String()
	}
	for _, line := range lines(e.Detail) {
		fmt.Fprintf(&b, "  %s %s\n", s.dim("|"), line)
	}
	if e.State != "" {
		fmt.Fprintf(&b, "%s %s\n", s.bold("state:"), Clean(e.State))
	}
	if e.Next != "" {
		fmt.Fprintf(&b, "%s  %s\n", s.bold("next:"), Clean(e.Next))
	}
	return b.String()
}

// lines cleans text that may hold several lines an element.
func lines(texts []string) []string {
	var out []string
	for _, text := range texts {
		for line := range strings.Lines(text) {
			out = append(out, Clean(line))
		}
	}
	return out
}
