package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
)

// project reads the files. With services named it is narrowed to these and
// what they depend on, as docker-compose narrows it.
func (t *task) project(ctx context.Context) (*types.Project, error) {
	load := t.load
	load.Services = t.args
	return t.LoadProject(ctx, load)
}

func up(ctx context.Context, t task) error {
	var detached, build, recreate, orphans bool
	err := t.options("up", func(set *flag.FlagSet) {
		set.BoolVar(&detached, "d", false, "in the background (always so)")
		set.BoolVar(&build, "build", false, "build images first")
		set.BoolVar(&recreate, "force-recreate", false, "make containers anew")
		set.BoolVar(&orphans, "remove-orphans", false, "remove containers of services that are gone")
	})
	if err != nil {
		return err
	}
	p, err := t.project(ctx)
	if err != nil {
		return err
	}
	how := api.RecreateDiverged
	if recreate {
		how = api.RecreateForce
	}
	if build {
		p = builtAnew(p)
	}
	return t.Up(ctx, p, api.UpOptions{
		Create: api.CreateOptions{
			Build:    &api.BuildOptions{Progress: "plain", Services: t.args},
			Services: t.args, Recreate: how, RecreateDependencies: api.RecreateDiverged, RemoveOrphans: orphans, IgnoreOrphans: !orphans, Inherit: true,
		},
		Start: api.StartOptions{Project: p, Services: t.args},
	})
}

// builtAnew has every service built that can be, as --build does.
func builtAnew(p *types.Project) *types.Project {
	p.Services = maps.Clone(p.Services)
	for name, s := range p.Services {
		if s.Build != nil {
			s.PullPolicy = types.PullPolicyBuild
			p.Services[name] = s
		}
	}
	return p
}

func build(ctx context.Context, t task) error {
	if err := t.options("build", func(*flag.FlagSet) {}); err != nil {
		return err
	}
	p, err := t.project(ctx)
	if err != nil {
		return err
	}
	return t.Build(ctx, p, api.BuildOptions{Progress: "plain", Services: t.args})
}

func pull(ctx context.Context, t task) error {
	if err := t.options("pull", func(*flag.FlagSet) {}); err != nil {
		return err
	}
	p, err := t.project(ctx)
	if err != nil {
		return err
	}
	return t.Pull(ctx, p, api.PullOptions{})
}

func stop(ctx context.Context, t task) error {
	if err := t.options("stop", func(*flag.FlagSet) {}); err != nil {
		return err
	}
	named := t.args
	p, err := t.whole(ctx)
	if err != nil {
		return err
	}
	return t.Stop(ctx, p.Name, api.StopOptions{Project: p, Services: named})
}

func rm(ctx context.Context, t task) error {
	var stopped, volumes bool
	err := t.options("rm", func(set *flag.FlagSet) {
		set.Bool("f", false, "ask nothing (always so)")
		set.BoolVar(&stopped, "s", false, "stop first")
		set.BoolVar(&volumes, "v", false, "anonymous volumes too")
	})
	if err != nil {
		return err
	}
	named := t.args
	p, err := t.whole(ctx)
	if err != nil {
		return err
	}
	return t.Remove(ctx, p.Name, api.RemoveOptions{Project: p, Services: named, Force: true, Stop: stopped, Volumes: volumes})
}

func down(ctx context.Context, t task) error {
	var volumes bool
	err := t.options("down", func(set *flag.FlagSet) {
		set.BoolVar(&volumes, "v", false, "volumes too")
	})
	if err != nil {
		return err
	}
	named := t.args
	p, err := t.whole(ctx)
	if err != nil {
		return err
	}
	return t.Down(ctx, p.Name, api.DownOptions{Project: p, Volumes: volumes, Services: named})
}

// whole reads the files without narrowing: stop and rm touch the services
// that are named, never those that these depend on.
func (t *task) whole(ctx context.Context) (*types.Project, error) {
	t.args = nil
	return t.project(ctx)
}

func ps(ctx context.Context, t task) error {
	var all, quiet bool
	err := t.options("ps", func(set *flag.FlagSet) {
		set.BoolVar(&all, "a", false, "stopped ones too")
		set.BoolVar(&quiet, "q", false, "ids alone")
	})
	if err != nil {
		return err
	}
	named := t.args
	p, err := t.whole(ctx)
	if err != nil {
		return err
	}
	found, err := t.Ps(ctx, p.Name, api.PsOptions{Project: p, All: all, Services: named})
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b api.ContainerSummary) int { return strings.Compare(a.Name, b.Name) })
	return list(found, quiet)
}

func list(found []api.ContainerSummary, quiet bool) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 4, 3, ' ', 0)
	if !quiet {
		fmt.Fprintln(out, "NAME\tIMAGE\tSERVICE\tSTATUS")
	}
	for _, c := range found {
		if quiet {
			fmt.Fprintln(out, c.ID)
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", c.Name, c.Image, c.Service, c.Status)
	}
	return out.Flush()
}

func logs(ctx context.Context, t task) error {
	last := "all"
	err := t.options("logs", func(set *flag.FlagSet) {
		set.StringVar(&last, "tail", "all", "how many lines")
	})
	if err != nil {
		return err
	}
	named := t.args
	p, err := t.whole(ctx)
	if err != nil {
		return err
	}
	return t.Logs(ctx, p.Name, lines{}, api.LogOptions{Project: p, Services: named, Tail: last})
}

// lines prints what containers say.
type lines struct{}

// Log is part of api.LogConsumer.
func (lines) Log(container, line string) { fmt.Printf("%s | %s\n", container, line) }

// Err is part of api.LogConsumer.
func (lines) Err(container, line string) { fmt.Fprintf(os.Stderr, "%s | %s\n", container, line) }

// Status is part of api.LogConsumer.
func (lines) Status(container, line string) { fmt.Println(container, line) }
