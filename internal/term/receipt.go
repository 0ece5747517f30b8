package term

import (
	"fmt"
	"io"
	"strings"

	"teal/internal/release"
)

// Receipt prints a receipt for people: what was done in one line, then a line
// for each kind of proof there is.
func Receipt(w io.Writer, r release.Receipt) error {
	_, err := io.WriteString(w, receiptText(r, style{}))
	return err
}

func receiptText(r release.Receipt, s style) string {
	var b strings.Builder
	b.WriteString(s.bold(headline(r)) + "\n")
	for _, line := range proof(r, s) {
		fmt.Fprintf(&b, "  %-8s  %s\n", line[0], line[1])
	}
	return b.String()
}

func headline(r release.Receipt) string {
	app, took := Clean(r.App), Took(r.Took)
	if r.Outcome != release.OutcomeDone {
		return fmt.Sprintf("%s: %s %s after %s, %s", app, errand(r), ended(r.Outcome), took, standing(r.Live))
	}
	switch r.Kind {
	case release.KindDown:
		return fmt.Sprintf("%s: taken down (%s)", app, took)
	case release.KindUndo:
		return fmt.Sprintf("%s: what was begun is undone, %s (%s)", app, standing(r.Live), took)
	case release.KindRollback:
		return fmt.Sprintf("%s: rolled back%s to release %d, %s (%s)", app, from(r), r.Release, standing(r.Live), took)
	}
	return fmt.Sprintf("%s: release %d is out%s, %s (%s)", app, r.Release, instead(r), standing(r.Live), took)
}

// errand is what was tried: deploy of release 43.
func errand(r release.Receipt) string {
	if r.Release == 0 {
		return string(r.Kind)
	}
	to := "of"
	if r.Kind == release.KindRollback {
		to = "to"
	}
	return fmt.Sprintf("%s %s release %d", r.Kind, to, r.Release)
}

func ended(o release.Outcome) string {
	if o == release.OutcomeRunning {
		return "not ended"
	}
	return string(o)
}

func standing(live release.Color) string {
	if live == release.None {
		return "nothing is live"
	}
	return Clean(string(live)) + " is live"
}

func instead(r release.Receipt) string {
	if r.Replaced == 0 {
		return ""
	}
	return fmt.Sprintf(" in place of release %d", r.Replaced)
}

func from(r release.Receipt) string {
	if r.Replaced == 0 {
		return ""
	}
	return fmt.Sprintf(" from release %d", r.Replaced)
}

// proof lists the receipt's facts, each with its name.
func proof(r release.Receipt, s style) [][2]string {
	var lines [][2]string
	if r.Switch > 0 {
		lines = append(lines, [2]string{"switch", Took(r.Switch)})
	}
	if r.Clients != nil {
		lines = append(lines, [2]string{"clients", clients(*r.Clients, s)})
	}
	if r.Witness != nil {
		lines = append(lines, [2]string{"witness", witnessed(*r.Witness, s)})
		if r.Witness.First != "" {
			lines = append(lines, [2]string{"", "first lost: " + Clean(r.Witness.First)})
		}
	}
	if r.Drained != nil {
		lines = append(lines, [2]string{"drain", drained(*r.Drained, s)})
	}
	return append(lines, unheard(r)...)
}

func clients(t release.Traffic, s style) string {
	facts := []string{
		count(t.Requests, "request"),
		bad(t.Lost, "lost", s),
		bad(t.Errors, "errors", s),
		Count(t.Gone) + " hung up",
	}
	if t.Failover > 0 {
		facts = append(facts, Count(t.Failover)+" failed over")
	}
	return strings.Join(facts, " · ")
}

func witnessed(w release.Witnessed, s style) string {
	facts := []string{count(w.Sent, "request"), bad(w.Lost(), "lost", s)}
	if w.Lost() > 0 {
		facts[1] += " (" + losses(w) + ")"
	}
	if w.Answered > 0 {
		facts = append(facts, "p50 "+Took(w.P50), "p99 "+Took(w.P99), "max "+Took(w.Max))
	}
	return strings.Join(facts, " · ")
}

func losses(w release.Witnessed) string {
	var kinds []string
	for _, k := range []struct {
		n    int
		name string
	}{{w.Failed, "failed"}, {w.Reset, "reset"}, {w.Refused, "refused"}, {w.Timeout, "timed out"}, {w.Cut, "cut"}} {
		if k.n > 0 {
			kinds = append(kinds, Count(k.n)+" "+k.name)
		}
	}
	return strings.Join(kinds, ", ")
}

func drained(d release.Drained, s style) string {
	facts := []string{Clean(string(d.Color)) + " " + Took(d.Took), count(d.Began, "connection"), bad(d.Cut, "cut", s)}
	return strings.Join(facts, " · ")
}

// bad prints a figure that ought to be zero.
func bad(n int, noun string, s style) string {
	text := Count(n) + " " + noun
	if n == 0 {
		return s.green(text)
	}
	return s.red(text)
}
