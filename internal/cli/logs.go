package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"teal/internal/compose"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) logsCommand() *cobra.Command {
	var o compose.LogOptions
	var color string
	var since time.Duration
	c := &cobra.Command{
		Use:   "logs [service]",
		Short: "show what the app's containers write",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if color != "" {
				if o.Color, err = release.ParseColor(color); err != nil {
					return &release.Error{Code: release.Invalid, What: err.Error(), Next: "teal logs --color green"}
				}
			}
			if len(args) > 0 {
				o.Service = args[0]
			}
			if since > 0 {
				o.Since = time.Now().Add(-since)
			}
			return g.logs(c, o)
		},
	}
	c.ValidArgsFunction = g.completeServices
	c.Flags().StringVar(&color, "color", "", "only this color: blue or green")
	c.Flags().BoolVar(&o.Follow, "follow", false, "go on until interrupted")
	c.Flags().IntVarP(&o.Tail, "tail", "n", 0, "last lines of each container (default: all)")
	c.Flags().DurationVar(&since, "since", 0, "only lines of the last while, such as 10m")
	completeWith(c, "color", completeColors)
	return c
}

func (g *globals) logs(c *cobra.Command, o compose.LogOptions) error {
	p, err := g.look(c.Context())
	if err != nil {
		return err
	}
	defer p.close()
	err = g.passOn(c.Context(), func(ctx context.Context, line func(compose.LogLine)) error {
		return p.engine.Logs(ctx, p.app, o, line)
	})
	if o.Follow && c.Context().Err() != nil {
		return nil // an interrupt is how following ends
	}
	return err
}

// passOn prints the lines that are read until one can't be written. A reader
// that goes away (teal logs | head) has what it wanted: that is no failure, so
// SIGPIPE, which would end the process, is caught.
func (g *globals) passOn(ctx context.Context, read func(context.Context, func(compose.LogLine)) error) error {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var unwritten error
	err := read(ctx, func(l compose.LogLine) {
		if unwritten != nil {
			return
		}
		if unwritten = g.logLine(l); unwritten != nil {
			stop()
		}
	})
	switch {
	case errors.Is(unwritten, syscall.EPIPE):
		return nil
	case unwritten != nil:
		return &release.Error{
			Code: release.Internal, What: "not all lines could be written: " + unwritten.Error(),
			State: "nothing was changed", Next: "make room where the lines go, then teal logs", Err: unwritten,
		}
	}
	return err
}

// logLine prints a line. What a container wrote must not drive the terminal;
// in JSON, the encoder sees to that.
func (g *globals) logLine(l compose.LogLine) error {
	if !g.json {
		_, err := fmt.Fprintf(g.env.Out, "%s | %s\n", l.Source, term.Clean(l.Text))
		return err
	}
	return json.NewEncoder(g.env.Out).Encode(map[string]any{
		"type": "log", "source": l.Source, "service": l.Service, "color": l.Color, "text": l.Text, "stderr": l.Stderr,
	})
}
