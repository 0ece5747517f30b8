package main

import (
	"context"
	"errors"
	"fmt"

	"teal/bench/site"
)

// tenLimit is what teal may add to a deploy of ten services, in milliseconds.
const tenLimit = 1500

// tenRuns is how many releases of ten services are measured, after two that
// fill the colors.
const tenRuns = 5

// ten measures releases of an application with ten services.
func ten(ctx context.Context, b *bench) (err error) {
	s, err := site.New(b.teal, b.docker.Image, site.Size{Services: 10, Replicas: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	var all []site.Deployed
	for n := range tenRuns + 2 {
		one, err := s.Deploy(ctx)
		if err != nil {
			return fmt.Errorf("deploy %d: %w", n+1, err)
		}
		if n >= 2 {
			all = append(all, one)
		}
	}
	b.report.add("ten", "teal's own overhead, ten services", "ms", tenLimit, each(all, site.Deployed.Overhead))
	for _, part := range site.Parts {
		b.report.add("ten", "  "+part.Name, "ms", 0, each(all, part.Of))
	}
	return nil
}
