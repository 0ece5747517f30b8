package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"teal/internal/plan"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

func (g *globals) planCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plan",
		Short: "print what a deploy would do now, and stop",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := g.look(c.Context())
			if err != nil {
				return err
			}
			defer p.close()
			steps, err := p.deployer.Plan(c.Context(), p.app)
			if err != nil {
				return err
			}
			if g.json {
				return planObjects(g.env.Out, steps)
			}
			fmt.Fprintln(g.env.Out, steps.Title())
			return steps.Print(g.env.Out)
		},
	}
}

// planLine is one line of teal plan --json: a step, and last the plan itself.
type planLine struct {
	Type     string        `json:"type"`
	App      string        `json:"app"`
	Number   int           `json:"n,omitempty"`
	Step     *release.Step `json:"step,omitempty"`
	Release  int           `json:"release,omitempty"`
	Color    release.Color `json:"color,omitempty"`
	Replaces int           `json:"replaces,omitempty"`
	Steps    int           `json:"steps,omitempty"`
}

func planObjects(w io.Writer, p plan.Plan) error {
	enc := json.NewEncoder(w)
	for i, s := range p.Steps {
		if err := enc.Encode(planLine{Type: "step", App: p.App, Number: i + 1, Step: &s}); err != nil {
			return err
		}
	}
	return enc.Encode(planLine{Type: "plan", App: p.App, Release: p.Release, Color: p.Color, Replaces: p.Replaces, Steps: len(p.Steps)})
}
