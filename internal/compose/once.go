package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Once runs the release command to its end, in a container of its own that
// is removed again whatever happens. Its output goes to say line by line. A
// command that can't be started, fails, or outlives the context's deadline
// has code Gate, with its last lines.
//
// Invariant: no two release commands of an app run at a time. One that a
// killed teal has left behind is stopped and removed first.
func (e *Engine) Once(ctx context.Context, app release.App, spec release.Spec, color release.Color, command release.Command, say Say) error {
	return late(ctx, command, e.once(ctx, app, spec, color, command, say))
}

// late tells a time that was over before the command ran at all, which a slow
// Docker can bring about, from one that the command used up.
func late(ctx context.Context, command release.Command, err error) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) || err == nil || release.CodeOf(err) == release.Gate {
		return err
	}
	return &release.Error{
		Code: release.Gate, What: fmt.Sprintf("docker did not have the release command of %s running within %s", command.Service, command.Timeout),
		Detail: []string{err.Error()}, Next: "teal deploy, once docker is less busy, or raise deploy.release.timeout in teal.yaml", Err: err,
	}
}

func (e *Engine) once(ctx context.Context, app release.App, spec release.Spec, color release.Color, command release.Command, say Say) error {
	painted, err := decode(ctx, app, projectOf(app.Name, color), spec.Models[color])
	if err != nil {
		return err
	}
	project, err := onceModel(app, painted, color, spec.Number, command)
	if err != nil {
		return err
	}
	if err := e.sweep(ctx, app); err != nil {
		return fmt.Errorf("remove a release command left behind: %w", err)
	}
	if err := e.foundation(ctx, app, spec, painted); err != nil {
		return err
	}
	r := errand{engine: e, command: command, service: project.Services[onceService(command)], last: &tail{}}
	r.say = serial(func(t release.EventType, line string) {
		if t == release.EventOutput {
			r.last.add(line)
		}
		say(t, line)
	})
	err = r.create(ctx, project)
	if err == nil {
		err = r.run(ctx)
	}
	return errors.Join(err, r.remove(ctx))
}

// sweep stops and removes the app's release commands, in either color.
func (e *Engine) sweep(ctx context.Context, app release.App) error {
	for _, color := range release.Colors {
		found, err := e.inColor(ctx, app, color)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(found, func(c container.Summary) bool { return !oneOff(c) || c.Labels[labelApp] != app.Name })
		if err := e.stopAndRemove(ctx, left); err != nil {
			return err
		}
	}
	return nil
}

// errand is a release command on its way. It is stopped and removed by the
// name of its container, which create may have made without saying so.
type errand struct {
	engine  *Engine
	command release.Command
	service types.ServiceConfig
	last    *tail
	say     Say
}

func (r errand) name() string { return "release command of " + r.command.Service }

func (r errand) id() string { return r.service.ContainerName }

func (r errand) create(ctx context.Context, project *types.Project) error {
	if err := r.engine.create(ctx, project, api.RecreateNever, r.say); err != nil {
		return r.engine.notStarted(ctx, "the "+r.name(), err)
	}
	return r.engine.inject(ctx, project, r.service)
}

// run starts the container, once its output is listened to and its end waited
// for, and returns when it has ended.
func (r errand) run(ctx context.Context) error {
	docker := r.engine.client
	attached, err := docker.ContainerAttach(ctx, r.id(), client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return r.engine.failed("attach to the "+r.name(), err)
	}
	defer attached.Close()
	told := make(chan struct{})
	go func() {
		defer close(told)
		r.tell(attached.Reader)
	}()
	waiting, leave := context.WithCancel(ctx)
	defer leave()
	ended := docker.ContainerWait(waiting, r.id(), client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := docker.ContainerStart(ctx, r.id(), client.ContainerStartOptions{}); err != nil {
		return r.engine.notStarted(ctx, "the "+r.name(), err)
	}
	select {
	case <-ended.Result:
	case err = <-ended.Error:
	}
	if ctx.Err() != nil {
		return r.cut(ctx, told)
	}
	if err != nil {
		return r.engine.failed("wait for the "+r.name(), err)
	}
	within(ctx, told)
	return r.verdict(ctx)
}

// tell says what the command writes, line by line, until its streams end.
func (r errand) tell(stream io.Reader) {
	stdout, stderr := output(r.say), output(r.say)
	// A stream that breaks off ends the output; how the command fared is asked
	// of the engine.
	_, _ = stdcopy.StdCopy(stdout, stderr, stream)
	stdout.flush()
	stderr.flush()
}

// outputWithin bounds the wait for the last lines of a command that has ended.
const outputWithin = 5 * time.Second

func within(ctx context.Context, told <-chan struct{}) {
	limit := time.NewTimer(outputWithin)
	defer limit.Stop()
	select {
	case <-told:
	case <-limit.C:
	case <-ctx.Done():
	}
}

// cut stops the command, since the context has ended, and says so. It gets
// its grace period like any other container.
func (r errand) cut(ctx context.Context, told <-chan struct{}) error {
	still, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.grace()+outputWithin)
	defer cancel()
	_, err := r.engine.client.ContainerStop(still, r.id(), client.ContainerStopOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		return errors.Join(fmt.Errorf("%s: %w", r.name(), ctx.Err()), r.engine.failed("stop the "+r.name(), err))
	}
	within(still, told)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", r.name(), ctx.Err())
	}
	return r.gate(fmt.Sprintf("did not end within %s", r.command.Timeout), ctx.Err())
}

// grace is how long the engine waits before it kills the container.
func (r errand) grace() time.Duration {
	if own := r.service.StopGracePeriod; own != nil {
		return time.Duration(*own)
	}
	return usualGrace
}

// verdict asks the engine how the command ended.
func (r errand) verdict(ctx context.Context) error {
	c, err := r.engine.inspect(ctx, r.id())
	if err == nil && c.ExitCode == killedCode {
		c, err = r.engine.flagged(ctx, c)
	}
	switch {
	case err != nil:
		return err
	case c.OOM:
		return r.gate(fmt.Sprintf("ran out of memory and was killed (code %d)", c.ExitCode), nil)
	case c.ExitCode == killedCode && r.service.MemLimit > 0:
		// The engine's flag can be lost: containerd drops the event when the
		// container's shim ends first.
		return r.gate(fmt.Sprintf("was killed (code %d); it seems that it ran out of memory, of which it may have %d MiB", c.ExitCode, r.service.MemLimit>>20), nil)
	case c.ExitCode != 0:
		return r.gate(fmt.Sprintf("exited with code %d", c.ExitCode), nil)
	}
	return nil
}

// killedCode is what SIGKILL ends a process with: 128 and its number.
const killedCode = 128 + 9

// flagWithin is how much later than the exit Docker's out-of-memory flag may
// come on a busy machine: containerd reports the two as separate events.
const flagWithin = time.Second

// flagged waits a moment for the out-of-memory flag of a container that was
// killed, and returns it as it is then.
func (e *Engine) flagged(ctx context.Context, c release.Container) (release.Container, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for end := time.After(flagWithin); !c.OOM; {
		select {
		case <-tick.C:
		case <-end:
			return c, nil
		case <-ctx.Done():
			return c, ctx.Err()
		}
		var err error
		if c, err = e.inspect(ctx, c.ID); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (r errand) gate(how string, err error) error {
	return &release.Error{
		Code: release.Gate, What: r.name() + " " + how, Detail: r.last.seen(),
		Next: "correct what it says; teal deploy runs it again", Err: err,
	}
}

// remove takes the container away, also after an interrupt, with its
// anonymous volumes.
func (r errand) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	_, err := r.engine.client.ContainerRemove(ctx, r.id(), client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return r.engine.failed("remove the "+r.name(), err)
}
