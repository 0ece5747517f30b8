package main

import (
	"context"
	"time"

	"teal/bench/crowd"
	"teal/bench/stage"
	"teal/internal/release"
	"teal/test/reloaded"
)

// usual is an nginx switched the usual way, beside the stage and with the same
// colors.
type usual struct{ *reloaded.Nginx }

func newUsual(ctx context.Context, s *stage.Stage) (usual, error) {
	addr, err := stage.FreeAddr()
	if err != nil {
		return usual{}, err
	}
	n, err := reloaded.Start(ctx, addr, s.Root, func(c release.Color) []string { return []string{s.At(c).String()} })
	return usual{n}, err
}

// flip switches as a careful script does.
func (u usual) flip(ctx context.Context, c release.Color) (crowd.Turn, error) {
	t := crowd.Turn{To: c, Decided: time.Now()}
	err := u.Turn(ctx, c)
	t.Confirmed = time.Now()
	return t, err
}
