package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"teal/internal/journal"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

func (g *globals) abortCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "abort",
		Short: "end the deploy that runs, or take back one that was cut off",
		Long: `Where a deploy runs, in whatever shell or CI job, it is interrupted as by
Ctrl-C there, and undone; abort waits until it has. Where one was killed, what
it began is taken back: what was live before it is live again.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ended, err := g.interruptRunning(c.Context())
			if err != nil || ended {
				return err
			}
			return g.carryOut(c.Context(), func(ctx context.Context, p *parts) (release.Receipt, error) {
				return p.deployer.Abort(ctx, p.app)
			})
		},
	}
}

// interruptRunning ends a deploy of another process the way Ctrl-C does, waits
// until its lock is free, and tells what became of it. It reports whether there
// was one that came to its own end: of one that was killed meanwhile there is
// something to take back.
func (g *globals) interruptRunning(ctx context.Context) (bool, error) {
	app, err := g.app()
	if err != nil {
		return false, err
	}
	root, err := g.root()
	if err != nil {
		return false, err
	}
	pid, err := journal.Holder(root, app.Name)
	if err != nil || pid == 0 {
		return false, err
	}
	j, err := journal.OpenReadOnly(root)
	if err != nil {
		j = nil // a damaged journal tells nothing of what runs, and keeps nobody from ending it
	} else {
		defer j.Close()
	}
	d := ran(j, app.Name, pid)
	if err := g.interrupt(d); err != nil {
		return false, err
	}
	if err := freed(ctx, root, d); err != nil {
		return false, err
	}
	return g.tellEnd(j, d)
}

// ran is what the process does; only whose it is, where the journal can't say.
func ran(j *journal.Journal, app string, pid int) release.Deploy {
	if j != nil {
		if d, err := j.UnendedBy(app, pid); err == nil && d != nil {
			return *d
		}
	}
	return release.Deploy{App: app, PID: pid}
}

// interrupt asks the process to undo what it began. One that is undoing already
// is left to it: a second Ctrl-C would end it at once.
func (g *globals) interrupt(d release.Deploy) error {
	switch d.Kind {
	case release.KindDown:
		return &release.Error{
			Code: release.Locked, What: fmt.Sprintf("a teal down of %s is running (pid %d), and what it removes can't be brought back by an abort", d.App, d.PID),
			State: "it goes on", Next: "wait for it, or watch it with: teal status",
		}
	case release.KindUndo:
		fmt.Fprintf(g.env.Err, "waiting for pid %d, which is undoing what was begun\n", d.PID)
		return nil
	}
	fmt.Fprintf(g.env.Err, "interrupting pid %d, which undoes what it began\n", d.PID)
	g.begun = true
	p, err := os.FindProcess(d.PID)
	if err == nil {
		err = p.Signal(syscall.SIGINT)
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("interrupt pid %d: %w", d.PID, err)
	}
	return nil
}

// freed waits until the process has let go of the lock; another may have
// taken it by then.
func freed(ctx context.Context, root string, d release.Deploy) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, err := journal.Holder(root, d.App)
		if err != nil || pid != d.PID {
			return err
		}
		select {
		case <-ctx.Done():
			return &release.Error{
				Code: release.Interrupted, What: fmt.Sprintf("interrupted while pid %d undoes what it began", d.PID),
				State: "that goes on", Next: "teal status", Err: ctx.Err(),
			}
		case <-tick.C:
		}
	}
}

// tellEnd tells how the deploy ended, and reports whether it has.
func (g *globals) tellEnd(j *journal.Journal, d release.Deploy) (bool, error) {
	if d.Undoes != nil && d.Undoes.PID == d.PID {
		d = *d.Undoes
	}
	if d.ID == 0 {
		return true, nil // it was interrupted before it had begun, or nobody knows
	}
	receipt, err := j.Receipt(d.ID)
	if err != nil || receipt == nil {
		return false, err
	}
	if receipt.Outcome == release.OutcomeDone && d.Kind != release.KindUndo {
		return true, &release.Error{
			Code: release.Invalid, What: fmt.Sprintf("the %s of release %d was through before it could be interrupted", d.Kind, d.Release),
			State: fmt.Sprintf("release %d is live in %s", receipt.Release, receipt.Live), Next: "teal rollback",
		}
	}
	stream := g.stream()
	stream.Event(release.Event{Time: time.Now(), Type: release.EventReceipt, App: d.App, Deploy: d.ID, Receipt: receipt})
	return true, stream.Close()
}
