package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"teal/internal/release"
	"teal/test/load"
	"teal/test/reloaded"
)

// posters are the clients that a reload costs most: on kept connections, with
// little time between two requests.
func (s *stand) posters() load.Load {
	return s.load(
		load.Group{Kind: load.Post, Clients: 48, Think: 5 * time.Millisecond},
		load.Group{Kind: load.Post, Clients: 16, TLS: true, Think: 5 * time.Millisecond},
		load.Group{Kind: load.HTTP2, Clients: 16, TLS: true, Think: 5 * time.Millisecond},
	)
}

// change is a change of the app's shape, which nginx must be reloaded for.
type change struct {
	name string
	do   func(*stand, int) error
}

var changes = []change{
	{"a replica more or less", func(s *stand, n int) error {
		s.app.Services[0].Replicas = 1 + (s.app.Services[0].Replicas)%mostReplicas
		return nil
	}},
	{"a route more or less", func(s *stand, n int) error {
		if len(s.app.Routes) > 1 {
			s.app.Routes = s.app.Routes[1:]
			return nil
		}
		s.app.Routes = append([]release.Route{{Path: "/v1/", To: service, Strip: true}}, s.app.Routes...)
		return nil
	}},
	{"a certificate renewed", func(s *stand, n int) error {
		return errors.Join(os.Remove(s.app.Site.TLS.Cert), os.Remove(s.app.Site.TLS.Key)) // teal makes new ones
	}},
}

// shapes changes the app's shape time and again under POSTs on kept
// connections, then reloads the same nginx as everybody does.
func (p *proof) shapes(ctx context.Context) (err error) {
	s, err := newStand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	for _, c := range changes {
		running, turns := load.Start(ctx, s.posters()), 0
		for ; turns < p.size.shapes && err == nil && pause(ctx, 300*time.Millisecond); turns++ {
			err = s.reshape(ctx, c, turns)
		}
		pause(ctx, 300*time.Millisecond)
		report := running.Stop()
		audit := load.Compare(s.ledger, report)
		audit.Foreign = 0 // those of the changes before
		p.add(row{Name: "shape: " + c.name, Reloads: true, Note: fmt.Sprintf("%d gentle reloads, %d HTTP/2 requests told to begin again", turns, report.All()[load.Declined]), report: report, audit: audit})
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return p.control(ctx, "nginx -s reload of teal's nginx, no change", s, s.posters(), 300*time.Millisecond, func() error {
		return reloaded.Run(ctx, filepath.Join(s.root, "proxy"), "-s", "reload")
	})
}

// reshape makes the change as a deploy of an edited teal.yaml does. One after
// which nginx runs what it ran before would count as a reload that lost
// nothing, so nginx is asked.
func (s *stand) reshape(ctx context.Context, c change, n int) error {
	if err := c.do(s, n); err != nil {
		return err
	}
	before, err := s.router.Observe(ctx, s.app, s.pair.net)
	if err != nil {
		return err
	}
	if before.Ready() {
		return errors.New("nginx has that shape already")
	}
	if err := s.router.Apply(ctx, s.app, s.pair.net); err != nil {
		return err
	}
	after, err := s.router.Observe(ctx, s.app, s.pair.net)
	if err == nil && !after.Ready() {
		err = errors.New("nginx does not have the new shape")
	}
	return err
}
