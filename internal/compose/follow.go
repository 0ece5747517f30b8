package compose

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	docker "github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

// follower reads the logs of an app's containers, of those too that are
// started while it reads: a deploy brings new ones.
type follower struct {
	engine  *Engine
	app     release.App
	options LogOptions
	pass    func(release.Container, string, bool)
	group   *errgroup.Group
	mu      sync.Mutex
	reading map[string]bool // ID → it was started anew since its log began to be read
}

// follow passes lines on until the context ends.
func (e *Engine) follow(ctx context.Context, app release.App, options LogOptions, pass func(release.Container, string, bool)) error {
	group, ctx := errgroup.WithContext(ctx)
	f := &follower{engine: e, app: app, options: options, pass: pass, group: group, reading: map[string]bool{}}
	// The engine is asked from a moment ago on, so that no start is missed
	// between the list and the first event; one that is told twice does no harm.
	since := strconv.FormatInt(time.Now().Add(-time.Second).Unix(), 10)
	stream := e.client.Events(ctx, client.EventsListOptions{
		Since:   since,
		Filters: client.Filters{}.Add("type", string(docker.ContainerEventType)).Add("event", string(docker.ActionStart)).Add("label", api.ProjectLabel),
	})
	containers, err := e.chosen(ctx, app, options)
	if err != nil {
		return err
	}
	for _, c := range containers {
		f.begin(ctx, c, options)
	}
	group.Go(func() error { return f.listen(ctx, stream) })
	return group.Wait()
}

// listen begins to read the log of each container that is started.
func (f *follower) listen(ctx context.Context, stream client.EventsResult) error {
	for {
		select {
		case message := <-stream.Messages:
			if err := f.started(ctx, message.Actor); err != nil {
				return err
			}
		case err := <-stream.Err:
			if ctx.Err() != nil {
				return nil
			}
			return unreachable(f.engine.client.DaemonHost(), err)
		}
	}
}

func (f *follower) started(ctx context.Context, actor docker.Actor) error {
	if !f.wants(actor.Attributes) {
		return nil
	}
	c, err := f.engine.inspect(ctx, actor.ID)
	if errdefs.IsNotFound(err) || ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	if f.options.Service != "" && c.Service != f.options.Service {
		return nil
	}
	f.begin(ctx, c, f.resumed(c))
	return nil
}

// wants reports whether a container with the labels is among those asked for,
// whatever its service is.
func (f *follower) wants(labels map[string]string) bool {
	if labels[api.OneoffLabel] == "True" {
		return false
	}
	project := labels[api.ProjectLabel]
	for _, color := range release.Colors {
		if project == projectOf(f.app.Name, color) {
			return labels[labelApp] == f.app.Name && (f.options.Color == release.None || f.options.Color == color)
		}
	}
	return project == projectOf(f.app.Name, release.None) && f.options.Color == release.None && !isColored(f.app, labels[api.ServiceLabel])
}

// resumed are the options for a container that is started: all that it writes
// in this run of it. On a busy machine the engine may hear the last words of
// the run before only after its end; they are then passed on twice.
func (f *follower) resumed(c release.Container) LogOptions {
	options := f.options
	options.Tail = 0
	if c.Finished.After(options.Since) {
		options.Since = c.Finished
	}
	return options
}

// begin reads the container's log, unless that is done already.
func (f *follower) begin(ctx context.Context, c release.Container, options LogOptions) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.reading[c.ID]; known {
		f.reading[c.ID] = true
		return
	}
	f.reading[c.ID] = false
	f.group.Go(func() error { return f.read(ctx, c, options) })
}

// read passes on what the container writes until it ends and is not started
// anew.
func (f *follower) read(ctx context.Context, c release.Container, options LogOptions) error {
	for {
		err := f.engine.log(ctx, c.ID, options, func(text string, stderr bool) { f.pass(c, text, stderr) })
		if err != nil && !errdefs.IsNotFound(err) {
			return err
		}
		if ctx.Err() != nil || !f.goesOn(c.ID) {
			return nil
		}
		now, err := f.engine.inspect(ctx, c.ID)
		if errdefs.IsNotFound(err) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		options = f.resumed(now)
	}
}

// goesOn reports whether the container was started anew; if not, its log is
// no longer read.
func (f *follower) goesOn(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading[id] {
		f.reading[id] = false
		return true
	}
	delete(f.reading, id)
	return false
}
