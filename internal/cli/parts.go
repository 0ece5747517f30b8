package cli

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"time"

	"teal/internal/compose"
	"teal/internal/config"
	"teal/internal/deploy"
	"teal/internal/journal"
	"teal/internal/nginx"
	"teal/internal/probe"
	"teal/internal/release"
	"teal/internal/term"
	"teal/internal/witness"
)

// app reads teal.yaml.
func (g *globals) app() (release.App, error) {
	if g.file != "" {
		return config.Load(g.file)
	}
	dir, err := os.Getwd()
	if err != nil {
		return release.App{}, fmt.Errorf("find teal.yaml: %w", err)
	}
	file, err := config.Find(dir)
	if err != nil {
		return release.App{}, err
	}
	return config.Load(file)
}

// rootForm is the alphabet of the state root. It is known before anything is
// built or started whether nginx will take it.
var rootForm = regexp.MustCompile(`^/[a-zA-Z0-9._/+-]+$`)

// root is the state root as an absolute path, since it ends up in nginx's
// config.
func (g *globals) root() (string, error) {
	root, err := filepath.Abs(g.state)
	if err != nil {
		return "", fmt.Errorf("find the state root: %w", err)
	}
	if !rootForm.MatchString(root) {
		return "", &release.Error{
			Code: release.Invalid, What: fmt.Sprintf("the state root %q has characters that nginx's config can't hold", root), State: "nothing was changed",
			Next: "name another in TEAL_STATE_DIR or --state, of letters, digits and - . _ + /",
		}
	}
	return root, nil
}

// parts are what a command that deals with an app works with.
type parts struct {
	app      release.App
	journal  *journal.Journal
	engine   *compose.Engine
	router   *nginx.Router
	deployer *deploy.Deployer
}

// close gives everything back. What is left to report was reported before.
func (p *parts) close() {
	if p.engine != nil {
		p.engine.Close()
	}
	if p.router != nil {
		p.router.Close()
	}
	if p.journal != nil {
		p.journal.Close()
	}
}

// look opens the parts for a command that changes nothing, and so must not
// make a journal where there is none.
func (g *globals) look(ctx context.Context) (*parts, error) {
	return g.open(ctx, journal.OpenReadOnly, func(release.Event) {})
}

// open reads teal.yaml and opens the journal, Docker and nginx's files. The
// caller closes the parts.
func (g *globals) open(ctx context.Context, remember func(string) (*journal.Journal, error), events func(release.Event)) (*parts, error) {
	app, err := g.app()
	if err != nil {
		return nil, err
	}
	// What teal.yaml leaves to the colors' own compose files is in those.
	if app, err = compose.Complete(ctx, app); err != nil {
		return nil, err
	}
	root, err := g.root()
	if err != nil {
		return nil, err
	}
	p := &parts{app: app}
	tell := func(t release.EventType, text string) {
		events(release.Event{Time: time.Now(), Type: t, App: app.Name, Text: text})
	}
	if err := p.connect(ctx, root, remember, tell); err != nil {
		p.close()
		return nil, err
	}
	p.engine.Tell(tell)
	p.deployer = &deploy.Deployer{
		Runtime: p.engine, Router: p.router, Prober: probe.New(p.engine.Containers()),
		Witness: witness.New(), Journal: g.wrapped(p.journal), Events: events, By: by(),
	}
	return p, nil
}

func (p *parts) connect(ctx context.Context, root string, remember func(string) (*journal.Journal, error), tell func(release.EventType, string)) (err error) {
	if p.journal, err = remember(root); err != nil {
		return err
	}
	// Said at once: whatever fails after it, the journal was moved.
	if aside := p.journal.SetAside(); aside != nil {
		tell(release.EventNote, setAside(*aside))
	}
	if p.router, err = nginx.New(root); err != nil {
		return err
	}
	if p.engine, err = compose.New(ctx, root); err != nil {
		return err
	}
	p.router.Use(p.engine.Proxies())
	return nil
}

// setAside tells of a damaged journal. What the app at hand needs is rebuilt
// next, which the deployer says itself.
func setAside(a journal.Aside) string {
	return fmt.Sprintf("the journal was damaged (%s): it is kept as %s, and a new one was begun; "+
		"the history of all apps is in the old one alone, and each is rebuilt when it is next worked on", a.Why, a.File)
}

func (g *globals) wrapped(j deploy.Journal) deploy.Journal {
	if g.env.Journal == nil {
		return j
	}
	return g.env.Journal(j)
}

// by names who runs this: the person behind sudo where there is one.
func by() string {
	name := os.Getenv("SUDO_USER")
	if name == "" {
		name = fmt.Sprint(os.Getuid())
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return name + "@" + host
}

// stream is how the events of a deploy are told.
func (g *globals) stream() term.Stream {
	switch {
	case g.json:
		return term.New(g.env.Out, term.Objects)
	case g.quiet:
		return term.New(g.env.Out, term.Receipts)
	}
	return term.New(g.env.Out, term.Auto)
}
