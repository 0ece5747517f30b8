package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"teal/internal/adopt"
	"teal/internal/compose"
	"teal/internal/config"
	"teal/internal/doctor"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) initCommand() *cobra.Command {
	write := false
	c := &cobra.Command{
		Use:   "init [compose file]...",
		Short: "propose a teal.yaml for the compose files that are here",
		Long: `Read the compose files and print a teal.yaml: which services are released in
two colors and which are shared, their ports and health checks, the routes,
the nginx; each decision with its reason. Hazards go to standard error, with
their place and fix. Neither Docker nor nginx is needed.

Nothing is written unless --write says so, and a teal.yaml that is there is
never overwritten.`,
		RunE: func(c *cobra.Command, args []string) error { return g.propose(c.Context(), args, write) },
	}
	c.Flags().BoolVar(&write, "write", false, "write teal.yaml (or the file of -f) where there is none")
	return c
}

func (g *globals) propose(ctx context.Context, args []string, write bool) error {
	target, err := g.target()
	if err != nil {
		return err
	}
	survey, named, err := g.survey(ctx, target, args)
	if err != nil {
		return err
	}
	proposal, err := adopt.Propose(survey, named, adopt.Machine{Nginx: doctor.HostNginx()})
	if err != nil {
		return err
	}
	if write {
		if err := create(target, proposal.YAML()); err != nil {
			return err
		}
	}
	hazards := doctor.Hazards(proposal.App, survey)
	if g.json {
		return g.proposalObjects(proposal, hazards)
	}
	return g.printProposal(target, proposal, hazards, write)
}

// target is where teal.yaml goes.
func (g *globals) target() (string, error) {
	target := g.file
	if target == "" {
		target = "teal.yaml"
	}
	target, err := filepath.Abs(target)
	if err != nil {
		return "", fmt.Errorf("find the place of teal.yaml: %w", err)
	}
	return target, nil
}

// survey reads the files named, else those that compose takes by itself from
// the target's folder; named are those that teal.yaml must name, as seen from
// that folder.
func (g *globals) survey(ctx context.Context, target string, args []string) (s release.Survey, named []string, err error) {
	dir := filepath.Dir(target)
	files := compose.Find(dir)
	if len(args) > 0 {
		if files, named, err = namedFiles(dir, args); err != nil {
			return s, nil, err
		}
	}
	if len(files) == 0 {
		return s, nil, &release.Error{
			Code: release.Invalid, What: "no compose file in " + dir, State: "nothing was written",
			Next: "teal init path/to/compose.yaml, or write teal.yaml where the compose file is",
		}
	}
	s, err = compose.Survey(ctx, release.App{Dir: dir, Compose: files})
	for _, note := range s.Notes {
		fmt.Fprintf(g.env.Err, "note: %s\n", term.Clean(note))
	}
	return s, named, err
}

func namedFiles(dir string, args []string) (files, named []string, err error) {
	for _, arg := range args {
		path, err := filepath.Abs(arg)
		if err != nil {
			return nil, nil, fmt.Errorf("find %s: %w", arg, err)
		}
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return nil, nil, &release.Error{Code: release.Invalid, What: "there is no compose file " + arg, State: "nothing was written", Next: "teal init path/to/compose.yaml", Err: err}
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			name = path
		}
		files, named = append(files, path), append(named, filepath.ToSlash(name))
	}
	if slices.Equal(files, compose.Find(dir)) {
		named = nil // teal finds them by itself
	}
	return files, named, nil
}

// create writes the file whole or not at all, and only where there is none: a
// link to a name that is taken fails, whoever took it and when. It is read
// back before it gets its name, so what init writes can be deployed.
func create(target, text string) error {
	if err := free(target); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(target), ".teal-*.yaml")
	if err != nil {
		return unwritten(target, err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(text)
	if err := errors.Join(err, draft.Chmod(0o644), draft.Sync(), draft.Close()); err != nil {
		return unwritten(target, err)
	}
	if _, err := config.Load(draft.Name()); err != nil {
		return fmt.Errorf("read the proposal back: %w", err)
	}
	if err := os.Link(draft.Name(), target); errors.Is(err, fs.ErrExist) {
		return taken(target)
	} else if err != nil {
		return unwritten(target, err)
	}
	return nil
}

// free refuses where a teal.yaml or teal.yml is: with both, teal would not
// know which to read.
func free(target string) error {
	tries := []string{target}
	if base := filepath.Base(target); base == "teal.yaml" || base == "teal.yml" {
		tries = []string{filepath.Join(filepath.Dir(target), "teal.yaml"), filepath.Join(filepath.Dir(target), "teal.yml")}
	}
	for _, path := range tries {
		if _, err := os.Lstat(path); err == nil {
			return taken(path)
		}
	}
	return nil
}

func taken(path string) error {
	return &release.Error{Code: release.Invalid, What: path + " is there already, and init overwrites nothing", State: "nothing was written", Next: "teal init, and compare"}
}

func unwritten(path string, err error) error {
	return &release.Error{Code: release.Invalid, What: "can't write " + path + ": " + err.Error(), State: "nothing was written", Next: "teal init > teal.yaml, in a folder that you may write", Err: err}
}

func (g *globals) printProposal(target string, p *adopt.Proposal, hazards []release.Finding, written bool) error {
	if _, err := fmt.Fprint(g.env.Out, p.YAML()); err != nil {
		return err
	}
	for _, note := range p.Notes {
		fmt.Fprintf(g.env.Err, "note: %s\n", term.Clean(note))
	}
	for _, h := range hazards {
		fmt.Fprintln(g.env.Err, findingLine(h))
	}
	next := "teal init --write"
	if written {
		fmt.Fprintf(g.env.Err, "wrote %s\n", target)
		next = "teal doctor, then teal plan"
	}
	_, err := fmt.Fprintf(g.env.Err, "next:  %s\n", next)
	return err
}

func (g *globals) proposalObjects(p *adopt.Proposal, hazards []release.Finding) error {
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
	return enc.Encode(map[string]any{"type": "proposal", "app": p.App.Name, "notes": p.Notes, "teal.yaml": p.YAML()})
}
