package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"teal/internal/compose"
	"teal/internal/doctor"
	"teal/internal/nginx"
	"teal/internal/notify"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "examine this machine and the app, each finding with its fix",
		Long: `Look at Docker, nginx, the state root, ports, disks, certificates and what in
the compose files is a hazard in two colors. Nothing is changed. Works where
Docker, nginx or teal.yaml are missing: these are findings then.

A line is ok, warn (a risk) or fail (a deploy would stop at it). The exit code
is 0 without a fail, 5 if one is about Docker or nginx, else 2.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			found, err := g.examine(c.Context())
			if err != nil {
				return err
			}
			if err := g.printFindings(found); err != nil {
				return err
			}
			return verdict(found)
		},
	}
}

// examine gathers what the rooms know and has it judged.
func (g *globals) examine(ctx context.Context) ([]release.Finding, error) {
	root, err := g.root()
	if err != nil {
		return nil, err
	}
	c := doctor.Case{Now: time.Now(), Root: root}
	g.readInto(ctx, &c)
	engine, err := compose.New(ctx, root)
	if c.EngineErr = err; err == nil {
		defer engine.Close()
		c.Engine, c.EngineErr = engine.Facts(ctx)
	}
	if c.EngineErr == nil && len(c.Claims) > 0 {
		c.Published, c.EngineErr = engine.Published(ctx)
	}
	if c.Proxies, err = proxyFacts(ctx, c, engine); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return doctor.Examine(c), nil
}

// readInto reads teal.yaml and the compose files. That there is no teal.yaml
// is no mistake, unless one was named.
func (g *globals) readInto(ctx context.Context, c *doctor.Case) {
	app, err := g.app()
	if err != nil {
		if g.file != "" || !errors.Is(err, fs.ErrNotExist) {
			c.AppErr = err
		}
		return
	}
	c.App, c.Notify = &app, notify.Look(app.Notify, os.Environ())
	if c.SurveyErr = surveyInto(ctx, c); c.SurveyErr != nil {
		c.Survey = nil
	}
}

// surveyInto reads the compose files: those of all, or of the shared services,
// and those that are a color's own.
func surveyInto(ctx context.Context, c *doctor.Case) error {
	app, err := compose.Complete(ctx, *c.App)
	if err != nil {
		return err
	}
	c.App = &app
	survey, err := compose.Survey(ctx, app)
	if err != nil {
		return err
	}
	if c.Claims, err = compose.Claims(ctx, app); err != nil {
		return err
	}
	c.Survey, c.Own = &survey, map[release.Color]release.Survey{}
	for color, files := range app.Own {
		own := app
		own.Compose = files
		if c.Own[color], err = compose.Survey(ctx, own); err != nil {
			return err
		}
	}
	return nil
}

// proxyFacts asks each nginx of the app by itself, so that one that is ill
// hides none. A router makes the state root; where there is none yet, it gets
// a folder that is taken away again. engine is nil where none answers.
func proxyFacts(ctx context.Context, c doctor.Case, engine *compose.Engine) ([]doctor.Proxy, error) {
	root := c.Root
	if _, err := os.Stat(root); err != nil {
		if root, err = os.MkdirTemp("", "teal-doctor-"); err != nil {
			return nil, fmt.Errorf("make a folder to look from: %w", err)
		}
		defer os.RemoveAll(root)
	}
	router, err := nginx.New(root)
	if err != nil {
		return nil, err
	}
	defer router.Close()
	if engine != nil {
		router.Use(engine.Proxies())
	}
	asked := release.App{Name: "teal-doctor", Proxies: usualProxies()}
	if c.App != nil {
		asked = *c.App
	}
	var facts []doctor.Proxy
	for _, p := range asked.Proxies {
		facts = append(facts, proxyFact(ctx, router, asked, p))
	}
	return facts, nil
}

func proxyFact(ctx context.Context, router *nginx.Router, app release.App, p release.Proxy) doctor.Proxy {
	fact := doctor.Proxy{Proxy: p}
	app.Proxies = []release.Proxy{p}
	o, err := router.Observe(ctx, app, release.Network{})
	if fact.Err = err; err == nil && len(o.Proxies) > 0 {
		fact.State = o.Proxies[0]
		fact.Built, fact.BuiltErr = router.Built(ctx, app, p)
	}
	return fact
}

// usualProxies are what is looked at where no teal.yaml says.
func usualProxies() []release.Proxy {
	if doctor.HostNginx() {
		return []release.Proxy{{Kind: release.ProxyHost}}
	}
	return []release.Proxy{{Kind: release.ProxyStandalone}}
}

func (g *globals) printFindings(found []release.Finding) error {
	if g.json {
		enc := json.NewEncoder(g.env.Out)
		if err := findingObjects(enc, found); err != nil {
			return err
		}
		n := graded(found)
		g.receipted = true // this is the last line, whatever the verdict
		return enc.Encode(map[string]any{"type": "doctor", "ok": n[release.GradeOK], "warn": n[release.GradeWarn], "fail": n[release.GradeFail]})
	}
	for _, f := range found {
		if _, err := fmt.Fprintln(g.env.Out, findingLine(f)); err != nil {
			return err
		}
	}
	return nil
}

func findingLine(f release.Finding) string {
	line := fmt.Sprintf("%-4s  ", f.Grade)
	if f.Place != "" {
		line += f.Place + ": "
	}
	line += f.What
	if f.Fix != "" {
		line += "  — " + f.Fix
	}
	return term.Clean(line)
}

func findingObjects(enc *json.Encoder, found []release.Finding) error {
	for _, f := range found {
		if err := enc.Encode(struct {
			Type string `json:"type"`
			release.Finding
		}{"finding", f}); err != nil {
			return err
		}
	}
	return nil
}

func graded(found []release.Finding) map[release.Grade]int {
	n := map[release.Grade]int{}
	for _, f := range found {
		n[f.Grade]++
	}
	return n
}

// verdict is an error where something failed. What Docker and nginx lack
// weighs more than a mistake in a file.
func verdict(found []release.Finding) error {
	var worst release.Finding
	for _, f := range found {
		if f.Grade == release.GradeFail && (worst.Grade == "" || f.Code == release.Unreachable && worst.Code != release.Unreachable) {
			worst = f
		}
	}
	if worst.Grade == "" {
		return nil
	}
	code := release.Invalid
	if worst.Code == release.Unreachable {
		code = release.Unreachable
	}
	return &release.Error{
		Code: code, What: fmt.Sprintf("%d of %d checks failed", graded(found)[release.GradeFail], len(found)),
		State: "nothing was changed", Next: worst.Fix,
	}
}
