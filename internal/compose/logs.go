package compose

import (
	"context"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// LogOptions choose lines of the containers' output.
type LogOptions struct {
	Color   release.Color // None takes both colors and the shared services
	Service string        // as in the compose file; "" takes all
	Follow  bool          // go on until the context ends, also with containers that start later
	Tail    int           // last lines of each container; 0 takes all
	Since   time.Time     // zero takes all
}

// LogLine is one line a container wrote.
type LogLine struct {
	Source  string // web-green-1, or postgres for a shared service
	Service string
	Color   release.Color
	Text    string
	Stderr  bool
}

// Logs passes the lines of the app's containers to w, one call at a time:
// container after container, or as they come where Follow is set.
func (e *Engine) Logs(ctx context.Context, app release.App, options LogOptions, w func(LogLine)) error {
	var mu sync.Mutex
	pass := func(c release.Container, text string, stderr bool) {
		mu.Lock()
		defer mu.Unlock()
		w(LogLine{Source: shortName(c), Service: c.Service, Color: c.Color, Text: text, Stderr: stderr})
	}
	if options.Follow {
		return e.follow(ctx, app, options, pass)
	}
	containers, err := e.chosen(ctx, app, options)
	if err != nil {
		return err
	}
	for _, c := range containers {
		if err := e.log(ctx, c.ID, options, func(text string, stderr bool) { pass(c, text, stderr) }); err != nil {
			return err
		}
	}
	return nil
}

// chosen are the containers the options choose.
func (e *Engine) chosen(ctx context.Context, app release.App, options LogOptions) ([]release.Container, error) {
	var all []release.Container
	for _, color := range release.Colors {
		if options.Color != release.None && options.Color != color {
			continue
		}
		found, err := e.InColor(ctx, app, color)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if options.Color == release.None {
		shared, err := e.observeShared(ctx, app)
		if err != nil {
			return nil, err
		}
		all = append(all, shared...)
	}
	return slices.DeleteFunc(all, func(c release.Container) bool {
		return options.Service != "" && c.Service != options.Service
	}), nil
}

// Tail returns the last lines of each container in the color, each line with
// its container before it: "web-green-1 | listening on 8080".
func (e *Engine) Tail(ctx context.Context, app release.App, color release.Color, lines int) ([]string, error) {
	var out []string
	err := e.Logs(ctx, app, LogOptions{Color: color, Tail: lines}, func(l LogLine) {
		out = append(out, l.Source+" | "+l.Text)
	})
	return out, err
}

func shortName(c release.Container) string {
	if c.Color == release.None {
		return c.Service
	}
	return release.Slot{Service: c.Service, Color: c.Color, Replica: c.Replica}.String()
}

// log passes the lines of one container on.
func (e *Engine) log(ctx context.Context, id string, options LogOptions, line func(text string, stderr bool)) error {
	found, err := e.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return e.failed("read log of "+id, err)
	}
	stream, err := e.client.ContainerLogs(ctx, id, logQuery(options))
	if err != nil {
		return e.failed("read log of "+id, err)
	}
	defer stream.Close()
	err = split(found.Container, stream, line)
	if ctx.Err() != nil { // the reader went away, which is how following ends
		return nil
	}
	return e.failed("read log of "+id, err)
}

func logQuery(options LogOptions) client.ContainerLogsOptions {
	query := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: options.Follow}
	if options.Tail > 0 {
		query.Tail = strconv.Itoa(options.Tail)
	}
	if !options.Since.IsZero() {
		query.Since = options.Since.Format(time.RFC3339Nano)
	}
	return query
}

// split cuts a log into lines. With a terminal both streams come as one,
// without framing.
func split(c container.InspectResponse, stream io.Reader, line func(text string, stderr bool)) error {
	stdout := &lines{emit: func(text string) { line(text, false) }}
	stderr := &lines{emit: func(text string) { line(text, true) }}
	defer stdout.flush()
	defer stderr.flush()
	if c.Config.Tty {
		_, err := io.Copy(stdout, stream)
		return err
	}
	_, err := stdcopy.StdCopy(stdout, stderr, stream)
	return err
}
