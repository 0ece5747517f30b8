package main

import (
	"context"
	"errors"
	"fmt"
)

// tenLimit is what teal may add to a deploy of ten services, in milliseconds.
const tenLimit = 1500

// tenRuns is how many releases of ten services are measured, after two that
// fill the colors.
const tenRuns = 5

// ten measures releases of an application with ten services.
func ten(ctx context.Context, b *bench) (err error) {
	s, err := newSite(b.teal, b.docker.image, 10)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	var all []deployed
	for n := range tenRuns + 2 {
		one, err := s.deploy(ctx)
		if err != nil {
			return fmt.Errorf("deploy %d: %w", n+1, err)
		}
		if n >= 2 {
			all = append(all, one)
		}
	}
	b.report.add("ten", "teal's own overhead, ten services", "ms", tenLimit, each(all, deployed.overhead))
	for _, part := range parts {
		b.report.add("ten", "  "+part.name, "ms", 0, each(all, part.of))
	}
	return nil
}
