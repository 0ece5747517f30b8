package term

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Confirm asks a question on out (standard error, so that a pipe of standard
// output stays clean) and reports whether the answer on in is y or yes. No
// answer is a no.
func Confirm(in io.Reader, out io.Writer, question string) (bool, error) {
	if _, err := fmt.Fprintf(out, "%s [y/N] ", Clean(question)); err != nil {
		return false, fmt.Errorf("ask: %w", err)
	}
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	if !strings.HasSuffix(answer, "\n") {
		fmt.Fprintln(out) // nobody typed it, and what follows begins its own line
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
