package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"teal/internal/term"
	"teal/test/load"
)

// row is a line of the table: what was done under which load, and what it cost.
type row struct {
	Name     string
	Switches int
	Control  bool   // has to lose, or the tool is blind
	Note     string // for people
	Broken   string // what else is wrong, "" for nothing
	Cut      int    // streams that the configured limit ended, as teal said
	Faults   int    // survived
	Kills    int    // of teal, among them
	Cost     int    // how many losses its faults must cost, by a control without teal
	Reloads  bool   // nginx was reloaded: HTTP/2 may be told to begin a request again
	report   load.Report
	audit    load.Audit
}

func (r row) requests() int { return r.report.All().Sent() }

// lost is everything that a client or the ledger misses. What a client lost
// may be missing in the ledger too, or be there unanswered: it counts once.
func (r row) lost() int {
	return r.report.Lost() - r.Cut + r.audit.Lost + r.audit.Doubled + r.audit.Foreign
}

// bad is why the row fails the proof, "" for nothing.
func (r row) bad() string {
	switch {
	case r.Broken != "":
		return r.Broken
	case !r.Reloads && r.report.All()[load.Declined] > 0:
		return "requests were declined though nothing was reloaded: " + r.report.String()
	case r.Control && r.lost() == 0:
		return "the control lost nothing, so the tool may be blind"
	case !r.Control && (r.lost() > r.Cost || r.audit.Unanswered > r.Cost || r.audit.Broken() > r.audit.Unanswered):
		return strings.Join(append([]string{r.report.String(), r.audit.String()}, r.report.First...), "\n    ")
	}
	return ""
}

// table is all that was found.
type table []row

func (t table) total(control bool) (switches, requests, lost int) {
	for _, r := range t {
		if r.Control == control {
			switches, requests, lost = switches+r.Switches, requests+r.requests(), lost+max(r.lost()-r.Cost, 0)
		}
	}
	return switches, requests, lost
}

// survived is how many faults left all in order, and how many of them were
// kills of teal.
func (t table) survived() (faults, kills int) {
	for _, r := range t {
		if r.bad() == "" {
			faults, kills = faults+r.Faults, kills+r.Kills
		}
	}
	return faults, kills
}

func (t table) print(to io.Writer) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "load\tswitches\tfaults\trequests\tlost\tdone twice\t")
	for _, r := range t {
		name := r.Name
		if r.Control {
			name = "control: " + name
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, term.Count(r.Switches), term.Count(r.Faults), term.Count(r.requests()), term.Count(r.lost()), term.Count(r.audit.Doubled), r.Note)
	}
	switches, requests, lost := t.total(false)
	faults, kills := t.survived()
	fmt.Fprintf(w, "all but controls\t%s\t%s\t%s\t%s\t\t%d kills of teal; lost is beyond what the faults must cost\n",
		term.Count(switches), term.Count(faults), term.Count(requests), term.Count(lost), kills)
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := text.WriteTo(to)
	return err
}

// verdict is what keeps the run from being a proof; none makes it one.
func (t table) verdict(s size) (faults []string) {
	controls := 0
	for _, r := range t {
		if bad := r.bad(); bad != "" {
			faults = append(faults, r.Name+": "+bad)
		}
		if r.Control {
			controls++
		}
	}
	switches, requests, _ := t.total(false)
	if switches < s.allSwitches || requests < s.allRequests {
		faults = append(faults, fmt.Sprintf("%d switches and %d requests are fewer than %d and %d", switches, requests, s.allSwitches, s.allRequests))
	}
	if survived, kills := t.survived(); survived < s.allFaults || kills < s.kills {
		faults = append(faults, fmt.Sprintf("%d faults survived and %d kills are fewer than %d and %d", survived, kills, s.allFaults, s.kills))
	}
	if controls < 3 {
		faults = append(faults, fmt.Sprintf("%d controls ran, not 3", controls))
	}
	return faults
}

// named is the row under another name.
func (r row) named(name string) row {
	r.Name = name
	return r
}

// take adds what was found of the same under another load.
func (r *row) take(other row) {
	r.Switches, r.Faults, r.Kills = r.Switches+other.Switches, r.Faults+other.Faults, r.Kills+other.Kills
	r.report.Add(other.report)
	r.audit.Add(other.audit)
}
