package cli

import (
	"fmt"

	"teal/internal/compose"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

// What a shell offers on Tab. cobra writes the scripts (teal completion bash,
// zsh, fish, powershell); here is what they ask teal. What can't be told offers
// nothing: a shell that completes must not print errors.

// completeServices offers the services of the app, shared ones too.
func (g *globals) completeServices(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	app, err := g.app()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []cobra.Completion
	survey, err := compose.Survey(c.Context(), app)
	if err != nil {
		for _, s := range app.Services {
			list = append(list, s.Name)
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
	for _, s := range survey.Services {
		kind := "shared"
		if _, colored := app.Service(s.Name); colored {
			kind = "colored"
		}
		list = append(list, cobra.CompletionWithDesc(s.Name, kind))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// completeReleases offers the releases that were live and can be brought back,
// newest first.
func (g *globals) completeReleases(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const most = 20
	releases, err := g.history(most)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []cobra.Completion
	for _, r := range releases {
		if r.State == release.StateReplaced {
			about := fmt.Sprintf("%s, %s", r.Created.Local().Format("2006-01-02 15:04"), r.By)
			list = append(list, cobra.CompletionWithDesc(fmt.Sprint(r.Number), about))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeWith sets what is offered for a flag. It fails for a flag that isn't
// there or has been given a function before: then the tests do.
func completeWith(c *cobra.Command, flag string, offer cobra.CompletionFunc) {
	_ = c.RegisterFlagCompletionFunc(flag, offer)
}

func completeColors(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{string(release.Blue), string(release.Green)}, cobra.ShellCompDirectiveNoFileComp
}
