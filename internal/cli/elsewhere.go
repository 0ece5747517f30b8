package cli

import (
	"context"
	"os"
	"slices"
	"strings"
	"syscall"

	"teal/internal/release"
	"teal/internal/remote"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

// elsewhere is a command line for the teal of another machine. It is found
// before the rest is parsed: what a command takes is for that teal to say.
type elsewhere struct {
	host string
	env  []string // as given: NAME or NAME=VALUE
	args []string // the other teal's
}

const (
	hostFlag = "host"
	envFlag  = "env"
)

// hostFlags tells of the flags in help, manual and completion; find reads
// them.
func hostFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.String(hostFlag, "", "run the teal of another machine: ssh://[user@]host[:port]")
	flags.StringArray(envFlag, nil, "with --host: give it a `variable`, NAME or NAME=VALUE; more than one may be given")
}

// find takes --host and --env out of the arguments, up to --. Without --host,
// the command line is for this machine.
func find(args []string) (elsewhere, error) {
	var e elsewhere
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		if args[i] == "--" {
			e.args = append(e.args, args[i:]...)
			break
		}
		if name != "--"+hostFlag && name != "--"+envFlag {
			e.args = append(e.args, args[i])
			continue
		}
		if !has {
			if i++; i == len(args) {
				return e, misused("flag needs an argument: " + name)
			}
			value = args[i]
		}
		if name == "--"+envFlag {
			e.env = append(e.env, value)
			continue
		}
		e.host = value
		if value == "" {
			return e, misused("flag needs an argument: " + name)
		}
	}
	if e.host == "" && len(e.env) > 0 {
		return e, misused("--env is for --host: set the variable here, before teal")
	}
	return e, nil
}

func misused(what string) error {
	return &release.Error{Code: release.Invalid, What: what, State: "nothing was done", Next: "teal --host ssh://user@host.example --env VERSION=2 deploy"}
}

// completes reports whether a shell asks what could come next: a Tab never
// goes over the network.
func completes(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
}

// runElsewhere runs a command line that is for another machine; false for one
// that is for this.
func runElsewhere(env Env) (int, bool) {
	if completes(env.Args) {
		return 0, false
	}
	e, err := find(env.Args)
	code := exitDone
	if err == nil && e.host == "" {
		return 0, false
	}
	if err == nil {
		code, err = e.run(env)
	}
	if err != nil {
		g := &globals{env: env, json: slices.Contains(env.Args, "--json")}
		return g.failed(context.Background(), err), true
	}
	return code, true
}

func (e elsewhere) run(env Env) (int, error) {
	host, err := remote.Parse(e.host)
	if err != nil {
		return 0, err
	}
	vars, err := remote.Variables(e.env, os.LookupEnv)
	if err != nil {
		return 0, err
	}
	here := e.summarized(env)
	s := remote.Session{
		Host: host, Args: e.args, Env: vars, Config: env.Getenv("TEAL_SSH_CONFIG"),
		Terminal: here == nil && len(vars) == 0 && terminal(env.In) && terminal(env.Out),
		In:       env.In, Out: env.Out, Err: env.Err,
	}
	if here == nil {
		return s.Run()
	}
	s.Out = here
	code, err := s.Run()
	return code, here.close(env.Err, err)
}

func terminal(stream any) bool {
	f, is := stream.(*os.File)
	return is && term.IsTerminal(f)
}

// attach makes the environment of a teal that another one started over ssh one
// for its command: standard input is no input there, and interrupts come by it.
func (env *Env) attach(signals chan<- os.Signal) error {
	if len(env.Args) == 0 || env.Args[0] != remote.Attached {
		return nil
	}
	in := env.In
	env.Args, env.In = env.Args[1:], strings.NewReader("")
	return remote.Attach(in, func() {
		select {
		case signals <- syscall.SIGINT:
		default: // two are under way already
		}
	})
}
