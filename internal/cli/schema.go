package cli

import (
	"teal/internal/config"

	"github.com/spf13/cobra"
)

func (g *globals) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON schema of teal.yaml, for editors",
		Long: "Prints the JSON schema of teal.yaml. An editor with a YAML language server checks and completes\n" +
			"teal.yaml by it: write it to a file and name that in teal.yaml's first line,\n" +
			"  # yaml-language-server: $schema=teal.schema.json",
		Example: "  teal schema > teal.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = g.env.Out.Write(text)
			return err
		},
	}
}
