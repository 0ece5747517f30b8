// Command before measures what the five layouts lose with the scripts that
// people have: each is stood up in a folder of its own, and its own script
// releases a version while clients are at work. It prints the column "lost
// before" of examples/README.md, one row a layout.
//
//	go run ./test/before [layout…]
//
// With -stand it stands one up as people have it, for a person to look at and
// to try teal on, until Ctrl-C takes it away.
//
//	go run ./test/before -stand three-tiers
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"teal/internal/witness"
	"teal/test/before/layout"
	"teal/test/images"
)

const (
	connections = 32
	longest     = 2 * time.Minute // for one layout and one release, from nothing to nothing
	calm        = time.Second     // the load goes on for so long after a release
)

func main() {
	pause := flag.Int("sleep", 10, "what the scripts sleep, in seconds; people have 10")
	releases := flag.Int("releases", 1, "how many releases, one after the other")
	examples := flag.String("examples", "examples", "folder of the layouts")
	verbose := flag.Bool("v", false, "print what the scripts say")
	standing := flag.String("stand", "", "stand this layout up and leave it until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := measurement{examples: *examples, sleep: *pause, releases: *releases, verbose: *verbose}
	work := func() error { return m.all(ctx, flag.Args()) }
	if *standing != "" {
		work = func() error { return stand(ctx, os.Stdout, *examples, *standing) }
	}
	if err := work(); err != nil {
		fmt.Fprintf(os.Stderr, "before: %v\n", err)
		os.Exit(1)
	}
}

type measurement struct {
	examples string
	sleep    int
	releases int
	verbose  bool
}

func (m measurement) all(ctx context.Context, only []string) error {
	if err := images.Ensure(ctx, tell); err != nil {
		return err
	}
	fmt.Println("| layout | requests | lost before | of them | the first |\n|---|---|---|---|---|")
	var faults []error
	for _, l := range layout.All {
		if len(only) > 0 && !slices.Contains(only, l.Name) {
			continue
		}
		if err := m.one(ctx, l); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", l.Name, err))
		}
	}
	return errors.Join(faults...)
}

func tell(line string) { fmt.Fprintln(os.Stderr, line) }

func (m measurement) one(ctx context.Context, l layout.Layout) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(m.releases)*longest)
	defer cancel()
	s, err := layout.Prepare(m.examples, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.End()) }()
	if err := s.Start(ctx); err != nil {
		return err
	}
	load := witness.Start(ctx, s.Load(connections, layout.Think))
	wait(ctx, calm)
	err = m.release(ctx, s)
	wait(ctx, calm)
	seen := load.Stop()
	fmt.Printf("| `%s` | %d | %d | %d reset, %d refused, %d answered 5xx, %d too late | %s |\n",
		l.Name, seen.Sent, seen.Lost(), seen.Reset, seen.Refused, seen.Failed, seen.Timeout, seen.First)
	return err
}

// release types what the layout has for it, and looks whether clients got it.
func (m measurement) release(ctx context.Context, s *layout.Stand) error {
	for version := 2; version < 2+m.releases; version++ {
		said, err := s.Deploy(ctx, fmt.Sprint(version), fmt.Sprintf("SLEEP=%d", m.sleep))
		if err == nil {
			err = s.Serves(ctx, fmt.Sprint(version))
		}
		if err != nil || m.verbose {
			fmt.Fprintf(os.Stderr, "%s\nnginx:\n%s\n", said, s.Errors())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wait lets the load go on for a moment.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
