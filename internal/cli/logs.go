package cli

import (
	"encoding/json"
	"fmt"
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
	err = p.engine.Logs(c.Context(), p.app, o, g.logLine)
	if o.Follow && c.Context().Err() != nil {
		return nil // an interrupt is how following ends
	}
	return err
}

// logLine prints a line. What a container wrote must not drive the terminal;
// in JSON, the encoder sees to that.
func (g *globals) logLine(l compose.LogLine) {
	if !g.json {
		fmt.Fprintf(g.env.Out, "%s | %s\n", l.Source, term.Clean(l.Text))
		return
	}
	// A reader that is gone ends the process by SIGPIPE.
	_ = json.NewEncoder(g.env.Out).Encode(map[string]any{
		"type": "log", "source": l.Source, "service": l.Service, "color": l.Color, "text": l.Text, "stderr": l.Stderr,
	})
}
