package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"teal/bench/machine"
	"teal/internal/witness"
	"teal/test/before/layout"
	"teal/test/images"
)

// The layout that is released by its own script and then by teal, and the
// clients meanwhile, as test/before has them.
const (
	deployLayout  = "two-compose-files"
	deployClients = 32
	deploySleep   = 10          // seconds, what people have in the script
	deployCalm    = time.Second // the load goes on for so long after a release
)

// deploys measures whole releases of one application: by the layout's own
// script, then, once teal has adopted the very same site, by teal.
func deploys(ctx context.Context, b *bench) (err error) {
	if err := images.Ensure(ctx, func(line string) { fmt.Fprintln(os.Stderr, line) }); err != nil {
		return err
	}
	l, ok := layout.Named(deployLayout)
	if !ok {
		return fmt.Errorf("no layout %s", deployLayout)
	}
	s, err := layout.Prepare("examples", l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.End()) }()
	if err := s.Start(ctx); err != nil {
		return err
	}
	var script, own released
	for n := range b.size.deploys {
		version := fmt.Sprint(n + 2)
		if err := script.watch(ctx, s, version, func() error {
			said, err := s.Deploy(ctx, version, fmt.Sprintf("SLEEP=%d", deploySleep))
			if err != nil {
				return fmt.Errorf("%w\n%s", err, said)
			}
			return nil
		}); err != nil {
			return fmt.Errorf("release %s by the script: %w", version, err)
		}
	}
	t := takeover{Stand: s, teal: b.teal, version: b.size.deploys + 2}
	defer func() { err = errors.Join(err, t.giveBack(context.WithoutCancel(ctx))) }()
	if err := t.adopt(ctx); err != nil {
		return fmt.Errorf("adopt: %w", err)
	}
	for range b.size.deploys {
		t.version++
		if err := own.watch(ctx, s, fmt.Sprint(t.version), func() error { return t.run(ctx, "deploy") }); err != nil {
			return fmt.Errorf("release %d by teal: %w", t.version, err)
		}
	}
	b.deployBars(script, own)
	return nil
}

// released is what releases took and lost.
type released struct {
	took, lost []float64
	sent       int
}

// watch carries a release out under load, and looks whether clients got it.
func (r *released) watch(ctx context.Context, s *layout.Stand, version string, release func() error) error {
	load := witness.Start(ctx, s.Load(deployClients, layout.Think))
	machine.Pause(ctx, deployCalm)
	began := time.Now()
	err := release()
	r.took = append(r.took, time.Since(began).Seconds())
	if err == nil {
		err = s.Serves(ctx, version)
	}
	machine.Pause(ctx, deployCalm)
	seen := load.Stop()
	r.lost, r.sent = append(r.lost, float64(seen.Lost())), r.sent+seen.Sent
	return err
}

func (b *bench) deployBars(script, own released) {
	theirs := fmt.Sprintf("the script of %s, which sleeps %d s", deployLayout, deploySleep)
	b.result.add("deploy", "a whole release, the command's time", theirs, "s", "", script.took)
	b.result.add("deploy", "a whole release, the command's time", "teal deploy, same application", "s", "", own.took)
	b.result.add("deploy", "requests lost in a release, 32 clients", theirs, "requests", fmt.Sprintf("of %d", script.sent), script.lost)
	lost := b.result.add("deploy", "requests lost in a release, 32 clients", "teal deploy, same application", "requests", fmt.Sprintf("of %d", own.sent), own.lost)
	lost.Median = lost.Max
	b.result.most("deploy", "lost by teal in whole releases", 0, "", lost)
}

// takeover is the layout as teal has adopted it.
type takeover struct {
	*layout.Stand
	teal    string
	version int
	begun   bool
}

var (
	noHealth = regexp.MustCompile(`# no healthcheck here: .*`)
	setsURL  = regexp.MustCompile(`(?m)^ *include \S+/\*\.inc;\n`)
)

// adopt does what the example's page says, up to the first release, which is
// the one that makes networks and nginx's new configuration.
func (t *takeover) adopt(ctx context.Context) error {
	t.begun = true
	if err := t.run(ctx, "init", "--write", "--nginx", filepath.Join(t.Root, "etc/nginx/nginx.conf")); err != nil {
		return err
	}
	if err := rewrite(filepath.Join(t.App(), "teal.yaml"), noHealth, "health: {http: /healthz, timeout: 10s}"); err != nil {
		return err
	}
	site := filepath.Join(t.Root, "etc/nginx/sites-enabled/default")
	if err := rewrite(site, regexp.MustCompile(`\.beside\.inc`), ".server.inc"); err != nil {
		return err
	}
	if err := rewrite(site, setsURL, ""); err != nil {
		return err
	}
	if said, err := t.Run(ctx, nil, "nginx", "-s", "reload"); err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	if err := t.run(ctx, "deploy"); err != nil {
		return err
	}
	// It took green; blue is the script's, whose port teal needs next.
	if said, err := t.Run(ctx, nil, "docker-compose", "-p", "ID-app-blue", "-f", "docker-compose.blue.yml", "down"); err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	return nil
}

// run is a command of teal's in the copy.
func (t *takeover) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, t.teal, args...)
	cmd.Dir = t.App()
	cmd.Env = append(t.Env(), "TEAL_STATE_DIR="+filepath.Join(t.Root, "state"), fmt.Sprintf("VERSION=%d", t.version))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("teal %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// giveBack has teal take away what it made, before the copy goes.
func (t *takeover) giveBack(ctx context.Context) error {
	if !t.begun {
		return nil
	}
	return t.run(ctx, "down", "--volumes", "--yes")
}
