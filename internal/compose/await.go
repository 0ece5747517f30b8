package compose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"

	"teal/internal/release"
)

// A dependency that a service waits for is looked at this often, and for at
// most that long: compose itself would wait for as long as its health check
// stays undecided.
const (
	lookEvery  = 50 * time.Millisecond
	waitAtMost = 5 * time.Minute
)

// awaitDependencies waits until the conditions hold under which the services
// may start.
func (e *Engine) awaitDependencies(ctx context.Context, project *types.Project, services []string) error {
	conditions := map[string]string{}
	for _, name := range services {
		for other, dependency := range project.Services[name].DependsOn {
			if _, there := project.Services[other]; there && dependency.Condition != types.ServiceConditionStarted && dependency.Required {
				conditions[other] = dependency.Condition
			}
		}
	}
	return e.await(ctx, project.Name, conditions)
}

// await waits until each service of the project meets its depends_on
// condition. A service that can't meet it any more has code Gate, with its
// last lines.
func (e *Engine) await(ctx context.Context, project string, conditions map[string]string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitAtMost, fmt.Errorf("not met within %s", waitAtMost))
	defer cancel()
	for _, service := range slices.Sorted(maps.Keys(conditions)) {
		if err := e.awaitOne(ctx, project, service, conditions[service]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) awaitOne(ctx context.Context, project, service, condition string) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		met, err := e.meets(ctx, project, service, condition)
		if met || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s (%s): %w", service, condition, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// meets reports whether all containers of the service meet the condition, or
// an error once one never will.
func (e *Engine) meets(ctx context.Context, project, service, condition string) (bool, error) {
	found, err := e.inProject(ctx, project)
	if err != nil {
		return false, err
	}
	for _, s := range byService(found)[service] {
		c, err := e.inspect(ctx, s.ID)
		if errdefs.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		met, err := meets(c, condition)
		if err != nil {
			return false, e.withLog(ctx, c, service, err)
		}
		if !met {
			return false, nil
		}
	}
	return true, nil
}

func meets(c release.Container, condition string) (bool, error) {
	if condition == settled {
		return c.Health != "starting" || !c.Running, nil
	}
	if condition == types.ServiceConditionCompletedSuccessfully {
		if c.Status == "exited" && c.ExitCode != 0 {
			return false, fmt.Errorf("exited with code %d", c.ExitCode)
		}
		return c.Status == "exited", nil
	}
	switch {
	case c.Status == "exited" || c.Status == "dead":
		return false, fmt.Errorf("exited with code %d", c.ExitCode)
	case c.Health == "unhealthy":
		return false, errors.New("is unhealthy")
	}
	// Without a health check there is nothing to wait for but that it runs.
	return c.Running && (c.Health == "healthy" || !c.HasCheck), nil
}

func (e *Engine) withLog(ctx context.Context, c release.Container, service string, err error) error {
	detail, logErr := e.Containers().Tail(ctx, c.ID, tailLines)
	if logErr != nil {
		detail = []string{logErr.Error()}
	}
	return &release.Error{Code: release.Gate, What: fmt.Sprintf("%s, which others wait for, %s", service, err), Detail: detail, Next: "docker logs " + c.Name, Err: err}
}
