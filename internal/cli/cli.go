// Package cli is teal's command line: one file a command. It is the only room
// that knows all others; here the parts of a deploy are put together.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"teal/internal/deploy"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

// Env is what the process gives the command line.
type Env struct {
	Args     []string // without the program's name
	Version  string
	Getenv   func(string) string
	In       io.Reader
	Out, Err io.Writer
	// Journal may wrap the journal of a deploy. The crash tests put one in
	// that ends the process between two entries; teal itself leaves it nil.
	Journal func(deploy.Journal) deploy.Journal
}

// Run runs one command and returns the exit code. The first interrupt ends the
// command's context: it undoes what it began and returns. The second returns
// at once; the lock is the kernel's and ends with the process, and the next
// command goes on from what is there.
func Run(env Env) int {
	if code, is := runElsewhere(env); is {
		return code
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := env.attach(signals); err != nil {
		return (&globals{env: env}).failed(context.Background(), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- execute(ctx, env) }()
	select {
	case code := <-done:
		return code
	case <-signals:
		cancel()
	}
	select {
	case code := <-done:
		return code
	case <-signals:
		return exitInterrupted
	}
}

func execute(ctx context.Context, env Env) int {
	g := &globals{env: env}
	err := newRoot(g).ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return g.failed(ctx, err)
}

// failed tells an error, once, and returns its exit code.
func (g *globals) failed(ctx context.Context, err error) int {
	err = g.stated(told(ctx, err))
	if g.json && !g.receipted {
		g.object(err)
	}
	term.Error(g.env.Err, err)
	return exitOf(err)
}

// object is the last line of a JSON output whose command failed before there
// was a receipt to carry the error.
func (g *globals) object(err error) {
	var known *release.Error
	if !errors.As(err, &known) {
		known = &release.Error{Code: release.Internal, What: err.Error()}
	}
	// A reader that is gone has nothing to be told.
	_ = json.NewEncoder(g.env.Out).Encode(map[string]any{"type": "error", "error": known})
}

// told makes an error fit to be shown: cobra's own are about usage, and an
// interrupted look-up is an interrupt.
func told(ctx context.Context, err error) error {
	var known *release.Error
	switch {
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return &release.Error{Code: release.Interrupted, What: "interrupted", State: "nothing was changed", Err: err}
	case isUsage(err):
		return &release.Error{Code: release.Invalid, What: err.Error(), Next: "teal --help"}
	}
	return err
}

// isUsage recognizes the errors that cobra and pflag make from the command
// line; they have no type of their own.
func isUsage(err error) bool {
	for _, s := range []string{"unknown command", "unknown flag", "unknown shorthand", "accepts ", "invalid argument", "requires ", "flag needs", "bad flag"} {
		if strings.HasPrefix(err.Error(), s) {
			return true
		}
	}
	return false
}

// globals are the flags that every command has.
type globals struct {
	env   Env
	file  string
	state string
	json  bool
	quiet bool
	// receipted: the story was told to its end, with the error in its receipt
	receipted bool
	// begun: from here on an error tells itself what state things are in
	begun   bool
	summary summary
}

func newRoot(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "teal",
		Short: "release Docker Compose applications behind nginx without losing a request",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
		// An error is printed once, by execute.
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetArgs(g.env.Args)
	root.SetIn(g.env.In)
	root.SetOut(g.env.Out)
	root.SetErr(g.env.Err)
	flags := root.PersistentFlags()
	flags.StringVarP(&g.file, "file", "f", "", "path of teal.yaml (default: the one in this folder)")
	flags.StringVar(&g.state, "state", g.stateRoot(), "state root, also TEAL_STATE_DIR")
	flags.BoolVar(&g.json, "json", false, "print JSON, one object a line")
	flags.BoolVarP(&g.quiet, "quiet", "q", false, "of a deploy, rollback, abort or down print the receipt and errors alone")
	hostFlags(root)
	root.AddCommand(
		g.planCommand(), g.deployCommand(), g.rollbackCommand(), g.statusCommand(), g.historyCommand(),
		g.logsCommand(), g.abortCommand(), g.downCommand(), g.proxyCommand(), g.versionCommand(),
		g.initCommand(), g.doctorCommand(), g.manCommand(), g.schemaCommand(), g.ciCommand(),
	)
	guide(root)
	return root
}

func (g *globals) stateRoot() string {
	if dir := g.env.Getenv("TEAL_STATE_DIR"); dir != "" {
		return dir
	}
	return "/var/lib/teal"
}
