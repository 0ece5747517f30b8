package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"teal/internal/adopt"
	"teal/internal/compose"
	"teal/internal/doctor"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) initCommand() *cobra.Command {
	var i initial
	c := &cobra.Command{
		Use:   "init [compose file]...",
		Short: "propose a teal.yaml, and patch the nginx that leads here",
		Long: `Read the compose files, and the configuration of the nginx that leads to them,
and print a teal.yaml: which services are released in two colors and which are
shared, their ports and health checks, each decision with its reason; behind it,
as a diff, the few lines of nginx's files that change. What was found and what
is a hazard goes to standard error, with its place and fix.

A file for each color (docker-compose.blue.yml, docker-compose.green.yml) is
taken as it is. Where an nginx runs on this machine its files are read; --nginx
names another main file, --nginx-dump what nginx -T printed in a container
(docker exec NAME nginx -T | teal init --nginx-dump -). Both make a chain.

Nothing is written unless --write says so, and a teal.yaml that is there is
never overwritten. nginx is tested before and after, put back where it refuses,
and never reloaded.`,
		RunE: func(c *cobra.Command, args []string) error { return g.propose(c.Context(), args, i) },
	}
	c.Flags().BoolVar(&i.write, "write", false, "write teal.yaml (or the file of -f) where there is none, and patch nginx's files")
	c.Flags().StringArrayVar(&i.mains, "nginx", nil, "main configuration file of an nginx of this machine")
	c.Flags().StringArrayVar(&i.dumps, "nginx-dump", nil, "what nginx -T printed in a container: [SERVICE=]FILE, - for standard input")
	return c
}

// initial is what init is asked for.
type initial struct {
	write        bool
	mains, dumps []string
}

func (g *globals) propose(ctx context.Context, args []string, i initial) error {
	target, err := g.target()
	if err != nil {
		return err
	}
	found, err := g.survey(ctx, target, args)
	if err != nil {
		return err
	}
	machine, err := g.machine(found, i)
	if err != nil {
		return err
	}
	proposal, err := adopt.Propose(found.survey, found.named, machine)
	if already, is := errors.AsType[*adopt.AlreadyError](err); is {
		return g.printAlready(already)
	}
	if err != nil {
		return err
	}
	hazards := append(certificates(proposal, time.Now()), found.hazards(proposal)...)
	var w *written
	if i.write {
		if w, err = g.writeProposal(ctx, target, found, proposal); err != nil {
			return err
		}
	}
	if g.json {
		return g.proposalObjects(proposal, hazards, w)
	}
	return g.printProposal(proposal, hazards, w)
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

// found is what the compose files say.
type found struct {
	survey release.Survey
	named  []string // files that teal.yaml must name, as seen from its folder
	pair   *adopt.Pair
	dir    string // where the compose files are

	// Of a pair: what each color's files say, and those of the shared services.
	own    map[release.Color]release.Survey
	shared release.Survey
}

// hazards are those that doctor will find in the files: a pair's are judged by
// their color, as they are used.
func (f found) hazards(p *adopt.Proposal) []release.Finding {
	if f.pair == nil {
		return doctor.Hazards(p.App, p.Survey())
	}
	app := p.App
	app.Own = f.pair.Files
	return append(doctor.Hazards(app, f.shared), doctor.OwnHazards(app, f.shared, f.own)...)
}

// survey reads the files named, else those that compose takes by itself from
// the target's folder, or a pair of a file for each color.
func (g *globals) survey(ctx context.Context, target string, args []string) (found, error) {
	dir := filepath.Dir(target)
	out := found{dir: dir}
	files := compose.Find(dir)
	shared, own := compose.Pair(dir)
	if len(args) > 0 {
		var err error
		if files, out.named, err = namedFiles(dir, args); err != nil {
			return out, err
		}
		out.dir = filepath.Dir(files[0])
		shared, own = byColor(files)
	}
	if own != nil {
		return g.surveyPair(ctx, out, shared, own)
	}
	if len(files) == 0 {
		return out, &release.Error{
			Code: release.Invalid, What: "no compose file in " + dir, State: "nothing was written",
			Next: "teal init path/to/compose.yaml, or write teal.yaml where the compose file is",
		}
	}
	var err error
	out.survey, err = g.surveyOf(ctx, dir, files)
	return out, err
}

func (g *globals) surveyOf(ctx context.Context, dir string, files []string) (release.Survey, error) {
	s, err := compose.Survey(ctx, release.App{Dir: dir, Compose: files})
	for _, note := range s.Notes {
		fmt.Fprintf(g.env.Err, "note: %s\n", term.Clean(note))
	}
	return s, err
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
