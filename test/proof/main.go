// Command proof shows that teal loses nothing under load, or that it does.
// Clients that count every request and retry none use an application that
// keeps a ledger, while teal switches to and fro between its colors; then the
// clients' record and the ledger are compared. The same clients have to see
// the losses of other ways to switch, or the proof fails. It ends with a table
// and one line, and exits by it.
//
// Everything is real: nginx, Docker, the built binary. Load goes to this
// machine alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	var p proof
	var short bool
	var only string
	flag.StringVar(&p.teal, "teal", "bin/teal", "path of the binary")
	flag.BoolVar(&short, "short", false, "the short form that make test runs")
	flag.StringVar(&only, "only", "", "run these parts alone, with commas between; the verdict is about all of them and fails")
	flag.Uint64Var(&p.seed, "seed", rand.Uint64(), "of the moments at which teal is killed; printed, to try a run again")
	flag.Parse()
	debug.SetGCPercent(400) // memory is there, processors are what clients and application compete for
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	p.size, p.out = full, os.Stdout
	if short {
		p.size = brief
	}
	if only != "" {
		p.only = strings.Split(only, ",")
	}
	if err := p.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
}

// proof is one run: what it works with and what it found.
type proof struct {
	teal  string // path of the binary
	size  size
	only  []string
	seed  uint64 // of the moments at which teal is killed
	out   io.Writer
	table table
}

// size says how much is done. Each part is bounded in count and in time.
type size struct {
	think      time.Duration // between two requests of a client
	rate       int           // of the open loop, requests a second
	upload     int           // bytes of a large upload
	uploadOver time.Duration // how long it takes
	every      time.Duration // between two switches
	switches   int           // by the router
	requests   int           // beside them
	drainEvery int           // each so many-th switch drains and kills
	switchTime time.Duration // at most
	controls   int           // turns of a control
	shapes     int           // reloads of each kind
	deploys    int           // by the binary, with Docker: half of them rollbacks
	deployTime time.Duration // at most
	streams    int           // WebSockets across a deploy, and as many event streams
	streamsEnd time.Duration // when half of them end; the others would go on
	uploads    int           // slow uploads across it
	lateUpload int           // bytes of each
	kills      int           // of teal, by killers who work side by side
	killers    int
	crowds     int // how many times a crowd of deploys starts at once
	crowd      int
	inARow     int // deploys, after which nothing may be left
	blows      int // of each kind of fault

	allSwitches, allRequests int           // what the whole must come to
	allFaults                int           // survived
	limit                    time.Duration // of the whole
}

var (
	full = size{
		think: 6 * time.Millisecond, rate: 800, upload: 100 << 20, uploadOver: 20 * time.Second,
		every: 150 * time.Millisecond, switches: 1000, requests: 1_550_000, drainEvery: 25, switchTime: 14 * time.Minute,
		controls: 12, shapes: 8, deploys: 40, deployTime: 5 * time.Minute, streams: 500, streamsEnd: 20 * time.Second, uploads: 20, lateUpload: 25 << 20,
		kills: 100, killers: 2, crowds: 3, crowd: 16, inARow: 200, blows: 8,
		allSwitches: 1000, allRequests: 2_000_000, allFaults: 150, limit: 20 * time.Minute,
	}
	brief = size{
		think: 4 * time.Millisecond, rate: 400, upload: 4 << 20, uploadOver: 4 * time.Second,
		every: 100 * time.Millisecond, switches: 60, requests: 90_000, drainEvery: 30, switchTime: 2 * time.Minute,
		controls: 4, shapes: 2, deploys: 4, deployTime: 60 * time.Second, streams: 40, streamsEnd: 5 * time.Second, uploads: 4, lateUpload: 4 << 20,
		kills: 4, killers: 1, crowds: 1, crowd: 16, inARow: 4,
		allSwitches: 60, allRequests: 100_000, allFaults: 5, limit: 6 * time.Minute,
	}
)

type part struct {
	name string
	run  func(*proof, context.Context) error
}

var parts = []part{
	{"switches", (*proof).switches},
	{"shapes", (*proof).shapes},
	{"controls", (*proof).controls},
	{"deploys", (*proof).deploys},
	{"crash", (*proof).crashes},
	{"fuzz", (*proof).fuzz},
	{"faults", (*proof).faults},
}

var errNoProof = errors.New("not proved")

func (p *proof) run(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.size.limit)
	defer cancel()
	for _, one := range parts {
		if p.only != nil && !slices.Contains(p.only, one.name) {
			continue
		}
		if err := one.run(p, ctx); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", one.name, err), p.table.print(p.out))
		}
	}
	if err := p.table.print(p.out); err != nil {
		return err
	}
	return p.tell(time.Since(began))
}

// tell prints the verdict, the last line.
func (p *proof) tell(took time.Duration) error {
	faults := p.table.verdict(p.size)
	for _, f := range faults {
		fmt.Fprintln(p.out, "  "+f)
	}
	if len(faults) > 0 {
		fmt.Fprintf(p.out, "not proved: %d faults, in %s\n", len(faults), took.Round(time.Second))
		return errNoProof
	}
	survived, kills := p.table.survived()
	fmt.Fprintf(p.out, "proved: nothing lost, nothing done twice, %d faults survived, %d kills of teal among them, in %s\n", survived, kills, took.Round(time.Second))
	return nil
}

// add enters a row and tells of it at once.
func (p *proof) add(r row) {
	p.table = append(p.table, r)
	fmt.Fprintf(p.out, "%s: %s; %s; p50 %s, p99 %s, at most %s\n", r.Name, r.report, r.audit,
		r.report.P50.Round(time.Microsecond), r.report.P99.Round(time.Microsecond), r.report.Max.Round(time.Microsecond))
	if bad := r.bad(); bad != "" {
		fmt.Fprintln(p.out, "  "+bad)
	}
}
