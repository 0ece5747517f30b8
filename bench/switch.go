package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"teal/bench/spread"
	"teal/bench/stage"
	"teal/internal/release"
	"teal/internal/witness"
)

// The promised limits of a switch, in milliseconds.
const (
	switchLimit = 10
	renameLimit = 1
)

// switchRuns is how many switches are measured, idle and again under load.
const switchRuns = 500

// switches measures the switch in this process, many times: idle, and with
// light traffic.
func switches(ctx context.Context, b *bench) (err error) {
	s, err := stage.New(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	if err := fsyncs(b, s.Root); err != nil {
		return err
	}
	if err := measured(ctx, s, b, "idle"); err != nil {
		return err
	}
	load := light(ctx, s.Addr(), "/")
	err = measured(ctx, s, b, "light load")
	seen := load.Stop()
	b.report.none("switch", fmt.Sprintf("lost under light load, %d switches", switchRuns), seen.Lost(), seen.Sent, seen.First)
	return err
}

// light is about 400 requests a second on kept connections.
func light(ctx context.Context, addr, path string) *witness.Running {
	return witness.Start(ctx, witness.Load{Target: addr, Groups: []witness.Group{
		{Kind: witness.Get, Paths: []string{path}, Count: 8, Think: 20 * time.Millisecond},
	}})
}

func measured(ctx context.Context, s *stage.Stage, b *bench, under string) error {
	var whole []time.Duration
	for n := range switchRuns {
		receipt, err := s.SwitchTo(ctx, release.Colors[n%2])
		if err != nil {
			return fmt.Errorf("switch %d: %w", n, err)
		}
		whole = append(whole, receipt.Switch)
	}
	var renamed, asked []time.Duration
	for _, t := range s.Clock.Take() {
		renamed, asked = append(renamed, t.Renamed), append(asked, t.Asked)
	}
	b.report.add("switch", "decision to confirmation, "+under, "ms", switchLimit, spread.Millis(whole))
	b.report.add("switch", "  the rename, on disk, "+under, "ms", renameLimit, spread.Millis(renamed))
	b.report.add("switch", "  asking nginx, "+under, "ms", 0, spread.Millis(asked))
	return nil
}

// fsyncs measures the disk by itself, since each switch waits for it five
// times: three journal entries and one rename. A page is rewritten, as SQLite
// rewrites its write-ahead log.
func fsyncs(b *bench, dir string) error {
	file, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return err
	}
	defer file.Close()
	var took []time.Duration
	for range 200 {
		began := time.Now()
		if _, err := file.WriteAt(make([]byte, 4096), 0); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	b.report.add("switch", "control: one page written and synced", "ms", 0, spread.Millis(took))
	return nil
}
