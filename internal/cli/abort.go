package cli

import (
	"context"
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

// interruptRunning ends a deploy of another process the way Ctrl-C does, and
// waits until its lock is free. It reports whether there was one.
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
	fmt.Fprintf(g.env.Err, "interrupting pid %d, which undoes what it began\n", pid)
	g.begun = true
	if err := interrupt(pid); err != nil {
		return false, err
	}
	return true, freed(ctx, root, app.Name, pid)
}

func interrupt(pid int) error {
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(syscall.SIGINT)
	}
	if err != nil && err != os.ErrProcessDone {
		return fmt.Errorf("interrupt pid %d: %w", pid, err)
	}
	return nil
}

// freed waits until the process has let go of the lock; another may have
// taken it by then.
func freed(ctx context.Context, root, app string, pid int) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		holder, err := journal.Holder(root, app)
		if err != nil || holder != pid {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
