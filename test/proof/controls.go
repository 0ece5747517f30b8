package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"teal/internal/release"
	"teal/test/load"
	"teal/test/reloaded"
)

// controls are ways to switch that lose requests. Each meets the same clients
// as teal does; one that loses nothing says that the clients are blind.
func (p *proof) controls(ctx context.Context) (err error) {
	s, err := newStand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	for _, control := range []func(context.Context, *stand) error{p.reload, p.undrained, p.alone} {
		if err := control(ctx, s); err != nil {
			return fmt.Errorf("control: %w", err)
		}
	}
	return nil
}

// blindAfter is how many times its turns a control is tried before it counts as
// one that loses nothing: a reload that meets no request on the wire loses none.
const blindAfter = 10

// control counts what a way to switch costs these clients.
func (p *proof) control(ctx context.Context, name string, s *stand, l load.Load, every time.Duration, turn func() error) error {
	running := load.Start(ctx, l)
	var err error
	turns := 0
	done := func() bool {
		return turns >= p.size.controls && (row{report: running.SoFar()}.lost() > 0 || turns >= blindAfter*p.size.controls)
	}
	for ; !done() && err == nil && pause(ctx, every); turns++ {
		err = turn()
	}
	pause(ctx, every) // what follows the last one counts too
	p.blame(name, s, turns, running.Stop())
	return errors.Join(err, ctx.Err())
}

// reload rewrites an include and reloads nginx.
func (p *proof) reload(ctx context.Context, s *stand) (err error) {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	r, err := reloaded.Start(ctx, addr, s.root, func(c release.Color) []string { return []string{s.pair.first(c).at.String()} })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close(context.WithoutCancel(ctx))) }()
	c := release.Blue
	l := load.Load{Plain: r.Addr, Host: siteHost, Groups: []load.Group{{Kind: load.Post, Clients: 64, Think: 5 * time.Millisecond}}}
	return p.control(ctx, "include rewritten, nginx -s reload", s, l, 200*time.Millisecond, func() error {
		c = c.Other()
		return r.Turn(ctx, c)
	})
}

// undrained switches with teal's table, but kills the old color at once.
func (p *proof) undrained(ctx context.Context, s *stand) error {
	l := s.load(load.Group{Kind: load.Post, Clients: 32, Think: 5 * time.Millisecond, Over: 50 * time.Millisecond})
	return p.control(ctx, "old color stopped without drain", s, l, 200*time.Millisecond, func() error {
		old := s.live
		return errors.Join(s.turn(ctx), s.pair.all(old, (*place).kill), s.pair.all(old, (*place).start))
	})
}

// alone switches, drains and stops as teal does, with the other color left out
// of each color's upstream: uploads whose color is gone have nowhere to go.
func (p *proof) alone(ctx context.Context, s *stand) error {
	if err := s.dropBackups(ctx); err != nil {
		return err
	}
	var all load.Report
	turns := 0
	for ; turns < max(p.size.controls/4, 1); turns++ {
		report, err := s.release(ctx, 16)
		if err != nil {
			return err
		}
		if turns == 0 {
			all = report
			continue
		}
		all.Add(report)
	}
	p.blame("other color not a backup", s, turns, all)
	return nil
}

// blame enters a control's row. The ledger is not that of this load alone, so
// foreign ids say nothing.
func (p *proof) blame(name string, s *stand, turns int, report load.Report) {
	audit := load.Compare(s.ledger, report)
	audit.Foreign = 0
	p.add(row{Name: name, Control: true, Reloads: true, Switches: turns, Note: report.String(), report: report, audit: audit})
}

// dropBackups takes the other color's servers out of what teal has written.
func (s *stand) dropBackups(ctx context.Context) error {
	path := filepath.Join(s.root, "apps", s.app.Name, "standalone.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var kept []string
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.HasSuffix(line, " backup;") {
			kept = append(kept, line)
		}
	}
	if len(kept) == strings.Count(string(text), "\n")+1 {
		return errors.New("the configuration has no backup servers to take out")
	}
	// Started anew: after a reload old workers go on with what they have read.
	return errors.Join(
		s.router.ProxyDown(ctx, "", true),
		os.WriteFile(path, []byte(strings.Join(kept, "\n")), 0o644),
		s.router.Up(ctx, s.app),
	)
}
