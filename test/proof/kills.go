//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"teal/internal/release"
	"teal/test/load"
)

// killer kills teal at random moments of its work on a site, and has it go on.
type killer struct {
	hall   *hall
	site   *site
	random *rand.Rand
	usual  map[string]time.Duration // how long a command took that nobody killed
	did    map[string]int           // what was done, for people
	kills  int
	story  []string // of the strike under way
}

func newKiller(h *hall, s *site, seed, number uint64) *killer {
	return &killer{hall: h, site: s, random: rand.New(rand.NewPCG(seed, number)), usual: map[string]time.Duration{}, did: map[string]int{}}
}

// clients are light: they see every loss, and leave the processors to Docker.
func clients() []load.Group {
	return []load.Group{
		{Kind: load.Post, Clients: 6, Think: 30 * time.Millisecond},
		{Kind: load.Post, Clients: 2, TLS: true, Think: 30 * time.Millisecond},
		{Kind: load.Post, Clients: 2, Over: 100 * time.Millisecond, Think: 30 * time.Millisecond},
		{Kind: load.Fresh, Clients: 2, Think: 50 * time.Millisecond},
		{Kind: load.HTTP2, TLS: true, Clients: 2, Think: 50 * time.Millisecond},
		{Kind: load.Get, Clients: 2, Think: 30 * time.Millisecond},
	}
}

// walk strikes under load until teal was killed so many times.
func (k *killer) walk(ctx context.Context, kills int) (row, error) {
	running := load.Start(ctx, k.site.load(clients()...))
	var err error
	for err == nil && k.kills < kills && ctx.Err() == nil {
		err = k.strike(ctx)
	}
	report := running.Stop()
	ledger, missing := k.site.diary()
	if err = errors.Join(err, missing); err != nil {
		return row{}, fmt.Errorf("%w\nafter %d kills: %s\n%s", err, k.kills, strings.Join(k.story, ", "), report)
	}
	return row{Faults: k.kills, Kills: k.kills, report: report, audit: load.Compare(ledger, report), Note: enumerated(k.did)}, nil
}

// againOneIn is how often a killed command's successor is killed too.
const againOneIn = 4

// strike has a command killed, maybe the one after it too, and then one go to
// its end, after which all has to be in order.
func (k *killer) strike(ctx context.Context) error {
	k.story = nil
	for again := true; again; {
		killed, err := k.cutOff(ctx, k.oneOf("deploy", "deploy", "rollback"))
		if err == nil {
			err = k.hall.routed(ctx, k.site)
		}
		if err != nil {
			return err
		}
		again = killed && k.random.IntN(againOneIn) == 0
	}
	if err := k.goOn(ctx, k.oneOf("deploy", "deploy", "rollback", "abort")); err != nil {
		return err
	}
	return k.hall.settled(ctx, k.site)
}

func (k *killer) oneOf(commands ...string) string { return commands[k.random.IntN(len(commands))] }

// begin makes a command ready; a deploy is one of a new version.
func (k *killer) begin(ctx context.Context, name string) *command {
	if name == "deploy" {
		k.site.version++
	}
	return k.site.command(ctx, name, "--json")
}

// cutOff starts a command and kills it at some moment of the time that it
// usually takes. It reports whether it lived to be killed.
func (k *killer) cutOff(ctx context.Context, name string) (bool, error) {
	cmd := k.begin(ctx, name)
	after := time.Duration(k.random.Int64N(int64(max(k.usual[name], time.Second))))
	if err := cmd.Start(); err != nil {
		return false, err
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer timer.Stop()
	_ = cmd.Wait() // what it came to is its exit code
	k.story = append(k.story, fmt.Sprintf("%s killed after %s: exit %d", name, after, cmd.ProcessState.ExitCode()))
	switch code := cmd.ProcessState.ExitCode(); {
	case code == -1 && ctx.Err() == nil:
		k.kills++
		k.did["killed "+name]++
		return true, nil
	case code == 0, code == 2 && name == "rollback":
		return false, ctx.Err()
	}
	return false, fmt.Errorf("teal %s: exit %d\n%s", name, cmd.ProcessState.ExitCode(), cmd.told())
}

// goOn runs a command to its end. Where it says that there is nothing to do, a
// rollback is followed by a deploy: what was cut off is still to be mended.
func (k *killer) goOn(ctx context.Context, name string) error {
	cmd, began := k.begin(ctx, name), time.Now()
	err := cmd.Run()
	code := cmd.ProcessState.ExitCode()
	k.story = append(k.story, fmt.Sprintf("then %s: exit %d", name, code))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case code == 2 && name == "rollback":
		return k.goOn(ctx, "deploy")
	case code == 2 && name == "abort":
		k.did["nothing to abort"]++
		return nil
	case err != nil:
		return fmt.Errorf("teal %s: %w\n%s", name, err, cmd.told())
	}
	k.usual[name] = time.Since(began)
	k.did["then "+name]++
	return k.served(ctx, cmd)
}

// served checks that what the receipt calls live is what is.
func (k *killer) served(ctx context.Context, cmd *command) error {
	var event release.Event
	if err := json.Unmarshal(cmd.last(), &event); err != nil || event.Receipt == nil {
		return fmt.Errorf("no receipt: %w\n%s", err, cmd.told())
	}
	st, err := k.site.status(ctx)
	if err != nil {
		return err
	}
	r := *event.Receipt
	if st.Live != r.Live || r.Kind != release.KindUndo && st.Colors[st.Live].Release != r.Release {
		return fmt.Errorf("live is %+v, by the receipt\n%s", st, cmd.told())
	}
	return nil
}
