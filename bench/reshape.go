package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"teal/bench/crowd"
	"teal/bench/machine"
	"teal/bench/spread"
	"teal/bench/stage"
)

// How often nginx is reloaded, beside how many requests at least.
const (
	reshapes     = 12
	reshapeEvery = 900 * time.Millisecond
	reshapeCalls = 100_000
	reshapeLimit = 40 * time.Second // a machine that can't send so many is too slow
)

// reloads changes the app's shape, for which nginx has to be reloaded, under
// load, and then reloads the same nginx as everybody does. Both find the same
// clients, on kept connections with little time between two requests.
func reloads(ctx context.Context, b *bench) (err error) {
	s, err := stage.New(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	gentle, took, err := reloadedBy(ctx, s, reshape)
	if err != nil {
		return fmt.Errorf("reload by teal: %w", err)
	}
	plain, _, err := reloadedBy(ctx, s, hangup)
	if err != nil {
		return fmt.Errorf("reload plainly: %w", err)
	}
	how := fmt.Sprintf("%d reloads, %d connections", reshapes, lossClients)
	b.report.none("reload", "lost, teal changes the shape, "+how, gentle.Lost, gentle.Sent, "")
	b.report.control("reload", "lost, nginx -s reload, same nginx, same load", plain.Lost, plain.Sent, fmt.Sprintf("%.1f a reload", float64(plain.Lost)/reshapes))
	b.report.add("reload", "teal's reload, until nginx has the new shape", "ms", 0, spread.Millis(took))
	if gentle.Sent < reshapeCalls {
		return fmt.Errorf("only %d requests were sent, want %d: the figures prove too little", gentle.Sent, reshapeCalls)
	}
	return nil
}

// reloadedBy puts load on nginx, reloads it time and again in the given way, and
// judges every request.
func reloadedBy(ctx context.Context, s *stage.Stage, reload func(context.Context, *stage.Stage, int) error) (crowd.Judged, []time.Duration, error) {
	load := crowd.Dial(ctx, s.Addr(), lossClients, lossThink)
	var took []time.Duration
	var err error
	for n := 0; n < reshapes && err == nil && machine.Pause(ctx, reshapeEvery); n++ {
		began := time.Now()
		err = reload(ctx, s, n)
		took = append(took, time.Since(began))
	}
	for end := time.Now().Add(reshapeLimit); err == nil && load.Sent() < reshapeCalls && time.Now().Before(end); {
		machine.Pause(ctx, 50*time.Millisecond)
		err = ctx.Err()
	}
	return crowd.Judge(load.HangUp(), nil), took, err
}

// reshape gives the app another shape, in turns, as a deploy would whose
// teal.yaml was edited. A turn after which nginx runs what it ran before would
// count as a reload that lost nothing, so nginx is asked.
func reshape(ctx context.Context, s *stage.Stage, n int) error {
	s.App.Routes[0].MaxBody = int64(2+n%2) << 20
	before, err := s.Router.Observe(ctx, s.App, s.Net)
	if err != nil {
		return err
	}
	if before.Ready() {
		return errors.New("nginx has that shape already")
	}
	if err := s.Router.Apply(ctx, s.App, s.Net); err != nil {
		return err
	}
	after, err := s.Router.Observe(ctx, s.App, s.Net)
	if err == nil && !after.Ready() {
		err = errors.New("nginx does not have the new shape")
	}
	return err
}

// hangup reloads the nginx of the stage and waits for nothing.
func hangup(ctx context.Context, s *stage.Stage, _ int) error {
	dir := filepath.Join(s.Root, "proxy")
	out, err := exec.CommandContext(ctx, "nginx", "-c", filepath.Join(dir, "nginx.conf"), "-p", dir+"/", "-s", "reload").CombinedOutput()
	if err != nil {
		return fmt.Errorf("nginx -s reload: %w\n%s", err, out)
	}
	return nil
}
