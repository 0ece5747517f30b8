package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"teal/internal/journal"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

func (g *globals) deployCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "deploy",
		Short: "release the app as its compose files are now",
		Long: `Build or pull the images, start the new release in the color that serves
nobody, wait until each replica is healthy, move the traffic with one rename,
have nginx confirm it, drain the old color and stop it.

A release that never gets healthy is taken away again; clients stay where they
were. So it is with Ctrl-C at any step. A second Ctrl-C ends teal at once; the
next command goes on from what is there.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return g.carryOut(c.Context(), func(ctx context.Context, p *parts) (release.Receipt, error) {
				return p.deployer.Deploy(ctx, p.app)
			})
		},
	}
	g.summary.flag(c)
	return c
}

func (g *globals) rollbackCommand() *cobra.Command {
	to := 0
	c := &cobra.Command{
		Use:   "rollback",
		Short: "bring the previous release back",
		Long: `Bring back the release that served before the live one, or any that history
still keeps (--to). Its containers are started again where they are still
there, else the release is run from history with the images it had.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return g.carryOut(c.Context(), func(ctx context.Context, p *parts) (release.Receipt, error) {
				return p.deployer.Rollback(ctx, p.app, to)
			})
		},
	}
	c.Flags().IntVar(&to, "to", 0, "number of the release to bring (default: the one before the live one)")
	completeWith(c, "to", g.completeReleases)
	g.summary.flag(c)
	return c
}

// carryOut runs a deploy of any kind, tells its story and writes its summary.
func (g *globals) carryOut(ctx context.Context, do func(context.Context, *parts) (release.Receipt, error)) error {
	err := g.narrate(ctx, do)
	if err != nil {
		err = g.stated(told(ctx, err))
	}
	return g.summary.write(g.env.Err, err)
}

// narrate tells the story of a deploy while it runs.
//
// A reader that goes away (teal deploy | head) must not kill a deploy halfway:
// with SIGPIPE caught, writing to it fails and the deploy goes on.
func (g *globals) narrate(ctx context.Context, do func(context.Context, *parts) (release.Receipt, error)) error {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	stream := g.stream()
	p, err := g.open(ctx, journal.Open, func(e release.Event) {
		g.receipted = g.receipted || e.Type == release.EventReceipt
		g.summary.see(e)
		stream.Event(e)
	})
	if err != nil {
		stream.Close()
		return err
	}
	defer p.close()
	announced := g.announce(p)
	g.begun = true
	_, err = do(ctx, p)
	announced()
	// What could not be written was for a reader who is gone; the deploy's own
	// outcome counts.
	if cerr := stream.Close(); cerr != nil {
		fmt.Fprintln(g.env.Err, "note: not all of the story could be told:", cerr)
	}
	return err
}
