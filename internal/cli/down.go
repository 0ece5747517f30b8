package cli

import (
	"context"

	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) downCommand() *cobra.Command {
	var yes, volumes bool
	c := &cobra.Command{
		Use:   "down",
		Short: "take the app away: containers, networks, nginx config, history",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			app, err := g.app()
			if err != nil {
				return err
			}
			if err := g.agreed(app.Name, yes, volumes); err != nil {
				return err
			}
			return g.carryOut(c.Context(), func(ctx context.Context, p *parts) (release.Receipt, error) {
				return p.deployer.Down(ctx, p.app, volumes)
			})
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&volumes, "volumes", false, "remove the named volumes too, with the data in them")
	return c
}

// agreed asks, unless told not to. An answer that can't be read is a no.
func (g *globals) agreed(app string, yes, volumes bool) error {
	if yes {
		return nil
	}
	question := "take " + app + " away: containers, networks, nginx config and history?"
	if volumes {
		question = "take " + app + " away WITH ITS NAMED VOLUMES and the data in them?"
	}
	ok, err := term.Confirm(g.env.In, g.env.Err, question)
	if err == nil && ok {
		return nil
	}
	return &release.Error{
		Code: release.Invalid, What: "not agreed to", State: "nothing was changed", Next: "teal down --yes", Err: err,
	}
}
