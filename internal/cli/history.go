package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"teal/internal/journal"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) historyCommand() *cobra.Command {
	limit := 0
	c := &cobra.Command{
		Use:   "history",
		Short: "list the app's releases, newest first",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			releases, err := g.history(limit)
			if err != nil {
				return err
			}
			if g.json {
				return g.historyObjects(releases)
			}
			if len(releases) == 0 {
				_, err := fmt.Fprintln(g.env.Out, "no releases yet")
				return err
			}
			return term.History(g.env.Out, releases)
		},
	}
	c.Flags().IntVarP(&limit, "limit", "n", 20, "how many at most, 0 for all")
	return c
}

func (g *globals) history(limit int) ([]release.Release, error) {
	app, err := g.app()
	if err != nil {
		return nil, err
	}
	root, err := g.root()
	if err != nil {
		return nil, err
	}
	j, err := journal.OpenReadOnly(root)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	return j.History(app.Name, limit)
}

// historyLine is one line of teal history --json.
type historyLine struct {
	Type    string            `json:"type"`
	App     string            `json:"app"`
	Release int               `json:"release"`
	Color   release.Color     `json:"color"`
	State   release.State     `json:"state"`
	Created time.Time         `json:"created"`
	By      string            `json:"by"`
	Reason  string            `json:"reason,omitempty"`
	Images  map[string]string `json:"images,omitempty"`
}

func (g *globals) historyObjects(releases []release.Release) error {
	enc := json.NewEncoder(g.env.Out)
	for _, r := range releases {
		line := historyLine{"release", r.App, r.Number, r.Color, r.State, r.Created, r.By, r.Reason, r.Images}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
