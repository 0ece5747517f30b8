package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// groups are the commands by what they are for, as help lists them.
var groups = []struct {
	id, title string
	commands  []string
}{
	{"release", "Release:", []string{"plan", "deploy", "rollback", "abort"}},
	{"look", "See what is there:", []string{"status", "history", "logs"}},
	{"set-up", "Set up and take down:", []string{"init", "doctor", "ci", "proxy", "down"}},
	{"more", "More:", []string{"schema", "man", "version"}},
}

// examples are how each command is typed most often. One that isn't here
// brings its own.
var examples = map[string][]string{
	"teal": {
		"teal init --write                               # write a teal.yaml for the compose files here",
		"teal doctor                                     # see what would stop a deploy",
		"teal deploy                                     # release the app",
		"teal rollback                                   # bring the release before back",
		"teal --host ssh://deploy@voda.example status    # ask the teal of another machine",
	},
	"teal plan": {
		"teal plan",
		"teal plan --json",
	},
	"teal deploy": {
		"teal deploy",
		"VERSION=43 teal deploy                          # with a variable of the compose file",
		"teal deploy --quiet                             # the receipt alone, say in a CI job",
		"teal deploy --json | tail -n 1                  # the receipt, for a program",
		"teal --host ssh://deploy@voda.example deploy    # on another machine",
	},
	"teal rollback": {
		"teal rollback                                   # to the release before the live one",
		"teal rollback --to 41",
	},
	"teal abort":   {"teal abort"},
	"teal status":  {"teal status", "teal status --json"},
	"teal history": {"teal history", "teal history --json"},
	"teal logs": {
		"teal logs --follow",
		"teal logs web --color green --tail 100",
		"teal logs --since 10m --json",
	},
	"teal init": {
		"teal init                                       # print the proposal",
		"teal init --write                               # write it to teal.yaml",
		"teal init compose.yaml compose.prod.yaml",
	},
	"teal doctor": {"teal doctor", "teal doctor --json"},
	"teal proxy":  {"teal proxy show"},
	"teal proxy up": {
		"teal proxy up",
		"teal proxy up --nginx /opt/nginx/sbin/nginx",
	},
	"teal proxy down":   {"teal proxy down"},
	"teal proxy show":   {"teal proxy show", "teal proxy show --json"},
	"teal proxy reload": {"teal proxy reload"},
	"teal down": {
		"teal down",
		"teal down --volumes --yes                       # its data as well, without a question",
	},
	"teal man":        {"teal man /usr/local/share/man/man1"},
	"teal version":    {"teal version"},
	"teal completion": {"teal completion bash > /etc/bash_completion.d/teal"},
}

// cobras are its own commands, in teal's voice.
var cobras = map[string]string{
	"completion": "write the completion script of a shell",
	"help":       "tell about a command",
}

// guide puts the commands into their groups and gives them their examples.
// cobra's own commands join the last group.
func guide(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	last := groups[len(groups)-1].id
	grouped := map[string]string{}
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, name := range g.commands {
			grouped[name] = g.id
		}
	}
	for _, c := range root.Commands() {
		if c.GroupID = grouped[c.Name()]; c.GroupID == "" {
			c.GroupID = last
		}
		if short := cobras[c.Name()]; short != "" {
			c.Short = short
		}
	}
	illustrate(root)
}

func illustrate(c *cobra.Command) {
	if lines := examples[c.CommandPath()]; len(lines) > 0 {
		c.Example = "  " + strings.Join(lines, "\n  ")
	}
	for _, sub := range c.Commands() {
		illustrate(sub)
	}
}
