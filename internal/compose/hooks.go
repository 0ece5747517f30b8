package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	sdk "github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// labelHooks keeps a service's pre_stop hooks on its containers: they are
// stopped when the compose file may long have changed.
const labelHooks = "teal.pre-stop"

// hooksWithin bounds all pre_stop hooks of a container.
const hooksWithin = 5 * time.Minute

// addHooks adds the label to the labels of a service that has such hooks.
func addHooks(labels types.Labels, hooks []types.ServiceHook) error {
	if len(hooks) == 0 {
		return nil
	}
	text, err := json.Marshal(hooks)
	if err != nil {
		return fmt.Errorf("write pre_stop: %w", err)
	}
	labels[labelHooks] = string(text)
	return nil
}

// beforeStop runs the container's pre_stop hooks in order, if it runs, up to
// the first that fails. That is told and no more: a color that has been
// replaced is stopped all the same, or a hook of the old release could fail
// the new one.
func (e *Engine) beforeStop(ctx context.Context, c container.Summary) {
	var hooks []types.ServiceHook
	if !running(c) || json.Unmarshal([]byte(c.Labels[labelHooks]), &hooks) != nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, hooksWithin, fmt.Errorf("not ended within %s", hooksWithin))
	defer cancel()
	for _, hook := range hooks {
		if err := e.hook(ctx, c.ID, hook); err != nil {
			e.note(fmt.Sprintf("pre_stop hook %s of container %s failed: %s; the container is stopped all the same", strings.Join(hook.Command, " "), nameOf(c), err))
			return
		}
	}
}

func (e *Engine) hook(ctx context.Context, id string, hook types.ServiceHook) error {
	code, output, err := e.exec(ctx, id, client.ExecCreateOptions{
		Cmd: hook.Command, User: hook.User, Privileged: hook.Privileged, WorkingDir: hook.WorkingDir, Env: sdk.ToMobyEnv(hook.Environment),
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case code == 0:
		return nil
	}
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return fmt.Errorf("code %d %s", code, strings.TrimSpace(lines[len(lines)-1]))
}
