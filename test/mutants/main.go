// Command mutants breaks teal on purpose, one line at a time, each time in a
// copy of what is committed, and runs the test that has to notice. A test that
// does not fail then is no proof of what it is named for: the command tells it
// as SURVIVED and ends with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// mutant is a break of the product: the text, which the file has exactly once,
// is replaced, and the test of the package has to fail for it.
type mutant struct {
	name      string // the number and words: "3: disk full while building"
	file      string
	old, with string
	pkg, test string // a folder, and a pattern as of go test -run without its anchors
}

// String is what -run is matched with.
func (m mutant) String() string {
	return fmt.Sprintf("%s (%s) [%s %s]", m.name, m.file, m.pkg, m.test)
}

// table is all mutants, in the order of the issues.
func table() []mutant {
	return slices.Concat(input, moments, layouts, unseen)
}

type options struct {
	run      *regexp.Regexp
	list     bool
	baseline bool
	parallel int
	limit    time.Duration
	within   time.Duration
}

func main() {
	var o options
	pattern := flag.String("run", "", "only mutants whose line in -list matches this `regexp`")
	flag.BoolVar(&o.list, "list", false, "list the mutants and whether their text is there once, and stop")
	flag.BoolVar(&o.baseline, "baseline", false, "run each test once without a mutant: it has to pass")
	flag.IntVar(&o.parallel, "parallel", 1, "how many tests run at the same time, each in a copy of its own")
	flag.DurationVar(&o.limit, "timeout", 5*time.Minute, "limit of one test")
	flag.DurationVar(&o.within, "within", 0, "begin no other test after this time, 0 for ever")
	flag.Parse()
	var err error
	if o.run, err = regexp.Compile(*pattern); err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = run(ctx, o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	chosen := slices.DeleteFunc(table(), func(m mutant) bool {
		return !o.run.MatchString(m.String())
	})
	if len(chosen) == 0 {
		return errors.New("no mutant matches; -list lists them")
	}
	if o.list {
		return list(out, chosen)
	}
	if o.baseline {
		chosen = tests(chosen)
	}
	return all(ctx, o, out, chosen)
}

// list prints the mutants and fails if one of them fits the tree no longer.
func list(out io.Writer, chosen []mutant) error {
	unfit := 0
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range chosen {
		fits := "fits"
		if _, err := m.in("."); err != nil {
			fits, unfit = err.Error(), unfit+1
		}
		fmt.Fprintf(w, "%s\t%s\n", m, fits)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if unfit > 0 {
		return fmt.Errorf("%d of %d mutants do not fit what is here", unfit, len(chosen))
	}
	return nil
}

// tests are the tests of the mutants, each once and with nothing to break.
func tests(of []mutant) []mutant {
	var once []mutant
	for _, m := range of {
		plain := mutant{name: "(as it is)", pkg: m.pkg, test: m.test}
		if !slices.Contains(once, plain) {
			once = append(once, plain)
		}
	}
	return once
}

// all tries the chosen ones, prints each as it ends, and fails if a test did
// not do as it has to.
func all(ctx context.Context, o options, out io.Writer, chosen []mutant) error {
	var (
		mu    sync.Mutex
		count = map[string]int{}
		fault error
		todo  = make(chan mutant)
		group sync.WaitGroup
	)
	for range min(o.parallel, len(chosen)) {
		group.Go(func() {
			err := worker(ctx, todo, o.limit, func(m mutant, v verdict) {
				mu.Lock()
				defer mu.Unlock()
				count[v.word]++
				fmt.Fprintf(out, "%-10s  %5.1fs  %s  [%s %s]  %s\n", v.word, v.took.Seconds(), m.name, m.pkg, m.test, v.by)
			})
			mu.Lock()
			defer mu.Unlock()
			fault = errors.Join(fault, err)
		})
	}
	began := time.Now()
	for _, m := range chosen {
		if o.within == 0 || time.Since(began) < o.within {
			todo <- m
		}
	}
	close(todo)
	group.Wait()
	return conclude(out, count, len(chosen), o.baseline, fault)
}

// worker makes a copy of the tree and tries mutants in it until there are no
// more. After a fault it goes on taking them, so that nobody waits for it.
func worker(ctx context.Context, todo <-chan mutant, limit time.Duration, tell func(mutant, verdict)) error {
	c, err := newCopy(ctx)
	if err == nil {
		defer c.remove()
	}
	for m := range todo {
		if err == nil {
			err = c.try(ctx, m, limit, tell)
		}
	}
	return err
}

// conclude prints the last line and says whether all is as it has to be.
func conclude(out io.Writer, count map[string]int, chosen int, baseline bool, fault error) error {
	good := killed
	if baseline {
		good = passes
	}
	fmt.Fprintf(out, "mutants: %d of %d %s\n", count[good], chosen, good)
	if fault != nil {
		return fault
	}
	if count[good] != chosen {
		return fmt.Errorf("%d are not %s: %v", chosen-count[good], good, count)
	}
	return nil
}
