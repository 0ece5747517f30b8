package cli

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (g *globals) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print teal's version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if g.json {
				return json.NewEncoder(g.env.Out).Encode(map[string]string{
					"type": "version", "version": g.env.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintln(g.env.Out, "teal", g.env.Version)
			return err
		},
	}
}
