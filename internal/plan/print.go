package plan

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"teal/internal/release"
)

// Print writes the plan, a step a line: number, verb, subject, cause.
func (p Plan) Print(w io.Writer) error {
	digits := len(fmt.Sprint(len(p.Steps)))
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, s := range p.Steps {
		fmt.Fprintf(tw, "%*d %s\t%s\t%s\n", digits, i+1, s.Kind, s.Subject, s.Cause)
	}
	return tw.Flush()
}

// Title tells in a few words what the plan does.
func (p Plan) Title() string {
	switch {
	case p.Kind == release.KindDown:
		return "take " + p.App + " away"
	case p.Release == 0:
		return string(p.Kind) + " " + p.App
	case p.Replaces == 0 || p.Replaces == p.Release:
		return fmt.Sprintf("%s %s: release %d in %s", p.Kind, p.App, p.Release, p.Color)
	}
	return fmt.Sprintf("%s %s: release %d in %s, replacing %d", p.Kind, p.App, p.Release, p.Color, p.Replaces)
}

func list(names []string) string { return strings.Join(names, ", ") }

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// seconds is a duration without the zero units that Go prints: 5m, not 5m0s.
func seconds(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
