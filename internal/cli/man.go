package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"teal/internal/release"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (g *globals) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "write the manual pages into a folder",
		Long: `Write a manual page for teal and one for each command into the folder, which
is made where it is missing: teal.1, teal-deploy.1 and so on.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return g.manuals(c.Root(), args[0]) },
	}
}

func (g *globals) manuals(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &release.Error{Code: release.Invalid, What: "can't make " + dir + ": " + err.Error(), Next: "teal man DIR, for a folder that you may write", Err: err}
	}
	for _, c := range described(root) {
		page := manual{c, g.env.Version}
		path := filepath.Join(dir, page.file())
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			return &release.Error{Code: release.Invalid, What: "can't write " + path + ": " + err.Error(), State: "the pages before it are written", Next: "teal man DIR, for a folder that you may write", Err: err}
		}
	}
	return nil
}

// described are the command and those below it that people are to know.
func described(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			list = append(list, described(sub)...)
		}
	}
	return list
}

// manual is the page of one command, in the macros of man(7). cobra's own
// generator would bring a Markdown parser along for this.
type manual struct {
	command *cobra.Command
	version string
}

// name is the page's: teal-proxy-up.
func (m manual) name() string { return strings.ReplaceAll(m.command.CommandPath(), " ", "-") }

func (m manual) file() string { return m.name() + ".1" }

func (m manual) String() string {
	var r roff
	r.macro("TH", strings.ToUpper(m.name()), "1", "", "teal "+m.version, "User Commands")
	r.macro("SH", "NAME")
	r.text(m.name() + " - " + m.command.Short)
	r.macro("SH", "SYNOPSIS")
	r.macro("B", m.command.UseLine())
	r.macro("SH", "DESCRIPTION")
	r.paragraphs(m.command.Long)
	if m.command.Long == "" {
		r.text(m.command.Short)
	}
	m.options(&r, "OPTIONS", m.command.NonInheritedFlags())
	m.options(&r, "GLOBAL OPTIONS", m.command.InheritedFlags())
	m.examples(&r)
	m.codes(&r)
	if !m.command.HasParent() {
		defined(&r, "ENVIRONMENT", variables)
		defined(&r, "FILES", files)
	}
	m.others(&r)
	return r.String()
}

func (m manual) options(r *roff, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	r.macro("SH", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if kind != "" {
			name += " " + kind
		}
		r.macro("TP")
		r.macro("B", name)
		r.text(usage)
	})
}

func (m manual) examples(r *roff) {
	if m.command.Example == "" {
		return
	}
	r.macro("SH", "EXAMPLES")
	r.macro("EX")
	for line := range strings.Lines(m.command.Example) {
		r.text(line)
	}
	r.macro("EE")
}

// meanings are the exit codes in words, for the pages.
var meanings = []struct {
	code int
	text string
}{
	{exitDone, "done"},
	{exitInternal, "an internal error"},
	{exitInvalid, "a mistake in the command line or the configuration"},
	{exitGate, "a gate failed; traffic is where it was"},
	{exitLocked, "another deploy runs"},
	{exitUnreachable, "Docker, nginx or the host can't be reached"},
	{exitInterrupted, "interrupted, and undone"},
}

func (m manual) codes(r *roff) {
	var terms [][2]string
	for _, c := range meanings {
		terms = append(terms, [2]string{fmt.Sprint(c.code), c.text})
	}
	defined(r, "EXIT STATUS", terms)
}

// What of the environment and the machine teal looks at, for its first page.
var (
	variables = [][2]string{
		{"TEAL_STATE_DIR", "state root, as --state"},
		{"TEAL_SSH_CONFIG", "configuration file for ssh, with --host; the usual ones without"},
		{"DOCKER_HOST, DOCKER_CONTEXT", "the Docker engine, as for docker"},
		{"COMPOSE_PROFILES", "active profiles, as for docker compose"},
		{"NO_COLOR", "no colors where it is set"},
		{"COLUMNS, LINES", "size of the screen, where it is smaller than the terminal says"},
	}
	files = [][2]string{
		{"teal.yaml", "what is released and where it is served; teal schema describes it"},
		{"/var/lib/teal", "state root: tables, rendered configuration, the journal teal.db"},
	}
)

func defined(r *roff, title string, terms [][2]string) {
	r.macro("SH", title)
	for _, t := range terms {
		r.macro("TP")
		r.macro("B", t[0])
		r.text(t[1])
	}
}

func (m manual) others(r *roff) {
	var names []string
	if m.command.HasParent() {
		names = append(names, manual{m.command.Parent(), ""}.name())
	}
	for _, c := range m.command.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, manual{c, ""}.name())
		}
	}
	if len(names) == 0 {
		return
	}
	r.macro("SH", "SEE ALSO")
	for i, name := range names {
		end := ","
		if i == len(names)-1 {
			end = ""
		}
		r.macro("BR", name, "(1)"+end)
	}
}

// roff is a page while it is written. Text can't become a request: a dot or
// an apostrophe that begins a line is preceded by \& (groff(7)).
type roff struct{ strings.Builder }

func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, arg := range args {
		r.WriteString(` "` + strings.ReplaceAll(escaped(arg), `"`, `\(dq`) + `"`)
	}
	r.WriteString("\n")
}

func (r *roff) text(s string) {
	for line := range strings.Lines(strings.TrimSpace(s)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			r.WriteString(`\&`)
		}
		r.WriteString(escaped(line) + "\n")
	}
}

// paragraphs writes text as it stands in the help; indented lines are kept.
func (r *roff) paragraphs(s string) {
	for i, p := range strings.Split(strings.TrimSpace(s), "\n\n") {
		if i > 0 {
			r.macro("PP")
		}
		if strings.HasPrefix(p, "\t") {
			r.macro("EX")
			r.text(p)
			r.macro("EE")
			continue
		}
		r.text(p)
	}
}

// escaped keeps backslashes as they are and dashes as they are typed.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
}
