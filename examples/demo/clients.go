package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"teal/internal/release"
	"teal/internal/term"
	"teal/internal/witness"
)

// clients are two witnesses: visitors use all of the app, shoppers place
// orders alone, so that their answers can be compared with the store's ledger.
type clients struct {
	visitors, shoppers *witness.Running
	leave              func() seen
}

// seen is what the clients saw.
type seen struct{ visitors, shoppers release.Witnessed }

func (s *stage) arrive(ctx context.Context) *clients {
	// Clients that are at it when the demo is interrupted leave with it.
	c := &clients{
		visitors: witness.Start(ctx, witness.Load{Target: s.addr, Groups: []witness.Group{
			{Kind: witness.Get, Paths: []string{"/", "/api/"}, Count: 8, Think: 40 * time.Millisecond},
			{Kind: witness.Post, Paths: []string{"/echo"}, Count: 4, Think: 40 * time.Millisecond},
			{Kind: witness.Upload, Paths: []string{"/upload"}, Count: 3, Size: 64 << 10, Over: 2 * time.Second},
			{Kind: witness.WebSocket, Paths: []string{"/ws"}, Count: 4, Think: 50 * time.Millisecond},
		}}),
		shoppers: witness.Start(ctx, witness.Load{Target: s.addr, Groups: []witness.Group{
			{Kind: witness.Post, Paths: []string{"/api/orders"}, Count: 4, Size: 1, Think: 40 * time.Millisecond},
		}}),
	}
	c.leave = sync.OnceValue(func() seen { return seen{c.visitors.Stop(), c.shoppers.Stop()} })
	return c
}

// totals is what the story came to.
type totals struct {
	sent, lost      int
	kinds           map[string]int
	ordered, ledger int
	first           string // the first loss, in words
}

// count adds up what the clients saw and asks the app for its ledger.
func (s *stage) count(ctx context.Context, saw seen) (totals, error) {
	text, err := s.get(ctx, "/api/count")
	if err != nil {
		return totals{}, fmt.Errorf("read the ledger: %w", err)
	}
	ledger, err := strconv.Atoi(text)
	if err != nil {
		return totals{}, fmt.Errorf("read the ledger: %w", err)
	}
	t := totals{kinds: map[string]int{}, ordered: saw.shoppers.Answered, ledger: ledger}
	for _, w := range []release.Witnessed{saw.visitors, saw.shoppers} {
		t.sent += w.Sent
		t.lost += w.Lost()
		t.first += w.First
		for kind, n := range w.ByKind {
			t.kinds[kind] += n
		}
	}
	return t, nil
}

func (t totals) String() string {
	var kinds []string
	for _, k := range []witness.Kind{witness.Get, witness.Post, witness.Upload, witness.WebSocket} {
		kinds = append(kinds, fmt.Sprintf("%s %s", term.Count(t.kinds[string(k)]), k))
	}
	return fmt.Sprintf("%s requests (%s), %s lost; %s orders answered, %s in the ledger",
		term.Count(t.sent), strings.Join(kinds, ", "), term.Count(t.lost), term.Count(t.ordered), term.Count(t.ledger))
}

// verdict is an error if anything was lost, or if nothing was tried.
func (t totals) verdict() error {
	switch {
	case t.lost > 0:
		return fmt.Errorf("%d requests were lost, the first: %s", t.lost, t.first)
	case t.ordered != t.ledger:
		return fmt.Errorf("%d orders were answered, the ledger has %d", t.ordered, t.ledger)
	case t.ordered == 0 || t.kinds[string(witness.Upload)] == 0 || t.kinds[string(witness.WebSocket)] == 0:
		return errors.New("the clients did not use all of the app, so this proves nothing")
	}
	return nil
}
