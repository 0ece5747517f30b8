// Command composed is as much of docker-compose as the layouts' own scripts
// type, on the Compose SDK: the machines that test teal have no compose plugin.
// It is put on PATH under the name docker-compose. What a command does is the
// SDK's doing; only the reading of arguments is this program's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/api"
	sdk "github.com/docker/compose/v5/pkg/compose"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "docker-compose: %v\n", err)
		os.Exit(1)
	}
}

// verbs are the commands there are.
var verbs = map[string]func(context.Context, task) error{
	"up": up, "build": build, "pull": pull, "stop": stop, "rm": rm, "down": down, "ps": ps, "logs": logs,
}

func run(ctx context.Context, args []string) error {
	var load api.ProjectLoadOptions
	global := flag.NewFlagSet("docker-compose", flag.ContinueOnError)
	global.Func("f", "compose file", func(name string) error {
		load.ConfigPaths = append(load.ConfigPaths, name)
		return nil
	})
	global.StringVar(&load.ProjectName, "p", "", "project name")
	if err := global.Parse(args); err != nil {
		return err
	}
	verb := verbs[global.Arg(0)]
	if verb == nil {
		return fmt.Errorf("no command %q: this stand-in has up, build, pull, stop, rm, down, ps and logs", global.Arg(0))
	}
	cli, err := connect()
	if err != nil {
		return err
	}
	service, err := sdk.NewComposeService(cli, sdk.WithPrompt(func(string, bool) (bool, error) { return true, nil }))
	if err != nil {
		return err
	}
	return verb(ctx, task{Compose: service, load: load, args: global.Args()[1:]})
}

func connect() (command.Cli, error) {
	cli, err := command.NewDockerCli()
	if err != nil {
		return nil, err
	}
	return cli, cli.Initialize(flags.NewClientOptions())
}

// task is one command: what it is to be done to, and the words after it.
type task struct {
	api.Compose
	load api.ProjectLoadOptions
	args []string
}

// options reads the command's own flags and leaves the names of services.
func (t *task) options(name string, declare func(*flag.FlagSet)) error {
	set := flag.NewFlagSet("docker-compose "+name, flag.ContinueOnError)
	declare(set)
	err := set.Parse(t.args)
	t.args = set.Args()
	if errors.Is(err, flag.ErrHelp) {
		return fmt.Errorf("%s takes the flags above and names of services", name)
	}
	return err
}
