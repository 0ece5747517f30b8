package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/release"
	"teal/test/dockyard"
	"teal/test/load"
)

// openYard builds the image of the application in that engine.
func openYard(ctx context.Context, at client.Opt) (*dockyard.Yard, error) {
	return dockyard.Open(ctx, at, "teal-proof", "teal/test/proof/app")
}

// deploys releases and rolls back with the binary and Docker under load, then
// once across many long connections.
func (p *proof) deploys(ctx context.Context) (err error) {
	y, err := openYard(ctx, client.FromEnv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.Close(context.WithoutCancel(ctx))) }()
	s, err := newSite(p.teal, y.Image)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	var reports []load.Report
	for _, standby := range []release.Standby{release.StandbyCold, release.StandbyWarm} {
		report, err := p.releases(ctx, s, standby)
		if err != nil {
			return fmt.Errorf("standby %s: %w", standby, err)
		}
		reports = append(reports, report)
	}
	more, err := p.long(ctx, s)
	if err != nil {
		return fmt.Errorf("long connections: %w", err)
	}
	return p.audit(ctx, s, append(reports, more...))
}

// audit holds the ledger of the whole part against all its clients.
func (p *proof) audit(ctx context.Context, s *site, reports []load.Report) error {
	ledger, err := s.ledger(ctx)
	if err != nil {
		return err
	}
	p.add(row{Name: "teal deploy and rollback: ledger of all", audit: load.Compare(ledger, reports...), Note: "requests are counted above"})
	return nil
}

// users are all kinds of clients, fewer than the router has to bear: deploys
// want processors too.
func (p *proof) users() []load.Group {
	think := 4 * p.size.think
	return []load.Group{
		{Kind: load.Post, Clients: 16, Think: think},
		{Kind: load.Post, Clients: 4, TLS: true, Think: think},
		{Kind: load.Post, Clients: 4, Over: 100 * time.Millisecond, Think: think},
		{Kind: load.Post, Rate: p.size.rate / 4},
		{Kind: load.Get, Clients: 8, Think: think},
		{Kind: load.Pipelined, Clients: 2, Think: 4 * think},
		{Kind: load.HTTP2, TLS: true, Clients: 8, Think: think},
		{Kind: load.Upload, Clients: 4, Size: 1 << 20, Over: 3 * time.Second},
		{Kind: load.WebSocket, Clients: 8, Think: 50 * time.Millisecond, Over: time.Second},
		{Kind: load.Events, Clients: 8, Over: time.Second},
		{Kind: load.Chunks, Clients: 8, Over: 500 * time.Millisecond},
	}
}

// releases deploys and rolls back in turn.
func (p *proof) releases(ctx context.Context, s *site, standby release.Standby) (load.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, p.size.deployTime)
	defer cancel()
	if err := s.configure(policy{10 * time.Second, 10 * time.Second, standby}); err != nil {
		return load.Report{}, err
	}
	for s.version < 2 { // so that there is one to go back to
		if _, err := s.deploy(ctx); err != nil {
			return load.Report{}, err
		}
	}
	running := load.Start(ctx, s.load(p.users()...))
	done, broken, err := p.toAndFro(ctx, s)
	report := running.Stop()
	p.add(row{Name: fmt.Sprintf("teal deploy and rollback, standby %s", standby), Switches: done, Broken: broken, report: report})
	return report, err
}

// toAndFro runs half of the deploys and rollbacks that are wanted, and says
// what their receipts admit.
func (p *proof) toAndFro(ctx context.Context, s *site) (done int, broken string, err error) {
	for ; done < p.size.deploys/2; done++ {
		command := "rollback"
		if done%2 == 0 {
			command = "deploy"
			s.version++
		}
		r, err := s.carryOut(ctx, command)
		if err != nil {
			return done, broken, err
		}
		if r.Outcome != release.OutcomeDone || r.Lost() > 0 {
			broken += fmt.Sprintf("the receipt of %s %d says %s and %d lost; ", command, done+1, r.Outcome, r.Lost())
		}
	}
	return done, broken, nil
}
