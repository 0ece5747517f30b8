package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"teal/internal/adopt"
	"teal/internal/release"
	"teal/internal/term"
)

// printProposal tells what was found, what it means and what to do next. w is
// nil where nothing was to be written.
func (g *globals) printProposal(p *adopt.Proposal, hazards []release.Finding, w *written) error {
	if _, err := fmt.Fprint(g.env.Out, p.YAML()+extraText(p)+diffText(p)); err != nil {
		return err
	}
	for _, r := range p.Reasons {
		if line := foundLine(r); line != "" {
			fmt.Fprintln(g.env.Err, line)
		}
	}
	for _, note := range p.Notes {
		fmt.Fprintf(g.env.Err, "note: %s\n", term.Clean(note))
	}
	for _, h := range hazards {
		fmt.Fprintln(g.env.Err, findingLine(h))
	}
	next := "teal init --write"
	if w != nil {
		g.printWritten(w)
		next = "teal doctor, then teal plan"
	}
	if w != nil && len(p.Changes) > 0 {
		next = "nginx -s reload (or systemctl reload nginx), then " + next
	}
	_, err := fmt.Fprintf(g.env.Err, "next:  %s\n", next)
	return err
}

// foundLine is a decision behind the line that it comes from: where in the
// files, of which key of teal.yaml, what and why. A reason that names its place
// itself stands beside its key in teal.yaml already.
func foundLine(r adopt.Reason) string {
	if r.Place == "" || strings.Contains(r.Why, r.Place) {
		return ""
	}
	text := r.Why
	if key := strings.TrimPrefix(strings.TrimPrefix(r.Key, "services."), "shared."); !strings.HasPrefix(key, "proxy_pass.") {
		text = key + ": " + r.Choice + ", " + r.Why
	}
	return term.Clean("found " + r.Place + ": " + text)
}

func (g *globals) printAlready(a *adopt.AlreadyError) error {
	if g.json {
		return json.NewEncoder(g.env.Out).Encode(map[string]any{"type": "adopted", "app": a.App, "place": a.Place})
	}
	_, err := fmt.Fprintf(g.env.Err, "%s: nothing to do\n", term.Clean(a.Error()))
	return err
}

func (g *globals) printWritten(w *written) {
	for _, path := range w.made {
		fmt.Fprintf(g.env.Err, "wrote %s\n", path)
	}
	for _, path := range w.patched {
		fmt.Fprintf(g.env.Err, "patched %s\n", path)
	}
}

// extraText is the compose file that goes beside.
func extraText(p *adopt.Proposal) string {
	if p.Extra == "" {
		return ""
	}
	return "\n# " + adopt.Extra + ", a file of its own:\n#\n# " + strings.ReplaceAll(strings.TrimSpace(p.Extra), "\n", "\n# ") + "\n"
}

// diffText is the patch; patch passes over what stands before it.
func diffText(p *adopt.Proposal) string {
	var b strings.Builder
	for _, c := range p.Changes {
		if b.Len() == 0 {
			b.WriteString("\n# Changes to nginx's own files: teal init --write makes them, and patch -p1 -d / reads them from here\n\n")
		}
		b.WriteString(plainDiff(c.Diff))
	}
	return b.String()
}

// plainDiff is a diff as it is, so that patch can read it, unless it has what
// could drive a terminal.
func plainDiff(diff string) string {
	drives := func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0x7f }
	if !strings.ContainsFunc(diff, drives) {
		return diff
	}
	var b strings.Builder
	for line := range strings.Lines(diff) {
		b.WriteString(term.Clean(line) + "\n")
	}
	return b.String()
}

func (g *globals) proposalObjects(p *adopt.Proposal, hazards []release.Finding, w *written) error {
	enc := json.NewEncoder(g.env.Out)
	for _, r := range p.Reasons {
		if err := enc.Encode(struct {
			Type string `json:"type"`
			adopt.Reason
		}{"decision", r}); err != nil {
			return err
		}
	}
	if err := findingObjects(enc, hazards); err != nil {
		return err
	}
	for _, c := range p.Changes {
		if err := enc.Encode(struct {
			Type string `json:"type"`
			adopt.Change
		}{"change", c}); err != nil {
			return err
		}
	}
	last := map[string]any{"type": "proposal", "app": p.App.Name, "notes": p.Notes, "teal.yaml": p.YAML()}
	if p.Extra != "" {
		last[adopt.Extra] = p.Extra
	}
	if w != nil {
		last["wrote"], last["patched"] = w.made, w.patched
	}
	return enc.Encode(last)
}
