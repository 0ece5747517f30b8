// Command demo tells what teal does by doing it: it releases an application
// while clients use it, tries to release a version that never gets healthy,
// and rolls back. It ends with one line of totals, and fails if one request
// was lost. Whatever happens, nothing of it is left running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit codes of teal that the story expects.
const (
	done    = 0
	refused = 3 // a gate failed, traffic is where it was
)

func main() {
	program := flag.String("teal", "bin/teal", "path of teal")
	source := flag.String("app", "examples/demo/app", "folder of the demo application")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	if err := run(ctx, *program, *source); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, source string) (err error) {
	began := time.Now()
	s, err := newStage(ctx, program, source)
	if err != nil {
		return fmt.Errorf("set the stage: %w", err)
	}
	totals, err := story(ctx, s)
	err = errors.Join(err, s.clear(context.WithoutCancel(ctx)))
	if err != nil {
		return err
	}
	fmt.Printf("\ntotal: %s, in %.1f s\n", totals, time.Since(began).Seconds())
	return totals.verdict()
}

// story is what the demo shows, a paragraph a step.
func story(ctx context.Context, s *stage) (totals, error) {
	tell("version 1 is released: web twice, api, worker, and the store they share")
	if err := s.deploy(ctx, version{number: 1}, done); err != nil {
		return totals{}, err
	}

	tell("clients arrive: pages, orders, slow uploads, WebSockets; they count every request and retry none")
	clients := s.arrive(ctx)
	defer clients.leave()

	tell("version 2 is released under their hands")
	if err := s.deploy(ctx, version{number: 2}, done); err != nil {
		return totals{}, err
	}

	tell("version 3 never gets healthy: teal refuses it and shows why, the clients stay on version 2")
	if err := s.deploy(ctx, version{number: 3, broken: true}, refused); err != nil {
		return totals{}, err
	}

	tell("version 2 is rolled back to version 1")
	if err := s.rollback(ctx, 1); err != nil {
		return totals{}, err
	}

	tell("the clients leave and tell what they saw")
	return s.count(ctx, clients.leave())
}

// tell prints a line of the story.
func tell(line string) { fmt.Printf("\n# %s\n\n", line) }
