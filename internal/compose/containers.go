package compose

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Containers asks single containers, as health gates do.
type Containers struct{ engine *Engine }

// Containers returns the engine's containers.
func (e *Engine) Containers() Containers { return Containers{e} }

// Inspect returns the container's state as it is now.
func (c Containers) Inspect(ctx context.Context, id string) (release.Container, error) {
	return c.engine.inspect(ctx, id)
}

// outputLimit bounds what Exec keeps of a command's output, in bytes.
const outputLimit = 64 << 10

// Exec runs the argument vector in the container and returns its exit code
// and its output, both streams together, the first 64 KiB. A command that
// can't be run has the exit code that Docker gives it (126, 127) or an error.
func (c Containers) Exec(ctx context.Context, id string, command []string) (int, string, error) {
	return c.engine.exec(ctx, id, client.ExecCreateOptions{Cmd: command})
}

func (e *Engine) exec(ctx context.Context, id string, options client.ExecCreateOptions) (int, string, error) {
	options.AttachStdout, options.AttachStderr = true, true
	created, err := e.client.ExecCreate(ctx, id, options)
	if err != nil {
		return 0, "", e.failed("exec in "+id, err)
	}
	attached, err := e.client.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, "", e.failed("exec in "+id, err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)() // a read of the hijacked connection knows no context
	output, err := demultiplex(attached.Reader)
	if ctx.Err() != nil {
		return 0, output, fmt.Errorf("exec in %s: %w", id, ctx.Err())
	}
	if err != nil {
		return 0, output, e.failed("exec in "+id, err)
	}
	ended, err := e.client.ExecInspect(ctx, created.ID, client.ExecInspectOptions{})
	return ended.ExitCode, output, e.failed("exec in "+id, err)
}

func demultiplex(r io.Reader) (string, error) {
	out := &capped{}
	_, err := stdcopy.StdCopy(out, out, r)
	return out.String(), err
}

// capped keeps the first outputLimit bytes and swallows the rest.
type capped struct{ bytes.Buffer }

// Write never fails.
func (c *capped) Write(p []byte) (int, error) {
	if room := outputLimit - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Tail returns the last lines of the container's output.
func (c Containers) Tail(ctx context.Context, id string, lines int) ([]string, error) {
	var out []string
	err := c.engine.log(ctx, id, LogOptions{Tail: lines}, func(text string, _ bool) { out = append(out, text) })
	return out, err
}

// listener is a socket in state LISTEN.
type listener struct {
	addr  string // as the kernel writes it: hexadecimal, in the machine's byte order
	port  int
	inode string
}

// listeners are those of a table of sockets, /proc/net/tcp or tcp6, in state 0A
// (Linux, Documentation/networking/proc_net_tcp.rst).
func listeners(table string) []listener {
	const listen, local, state, inode = "0A", 1, 3, 9
	var found []listener
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) <= state || fields[state] != listen {
			continue
		}
		l := listener{}
		addr, port, _ := strings.Cut(fields[local], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		if err != nil {
			continue
		}
		l.addr, l.port = addr, int(n)
		if len(fields) > inode {
			l.inode = fields[inode]
		}
		found = append(found, l)
	}
	return found
}

func (e *Engine) inspect(ctx context.Context, id string) (release.Container, error) {
	found, err := e.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return release.Container{}, e.failed("inspect container "+id, err)
	}
	return containerOf(found.Container), nil
}

func containerOf(c container.InspectResponse) release.Container {
	labels := c.Config.Labels
	out := release.Container{
		ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), Image: c.Image,
		Service: labels[labelService], Color: release.Color(labels[labelColor]),
		Restarts: c.RestartCount, Addr: addrOf(c, labels[labelApp]),
	}
	out.Replica, _ = strconv.Atoi(labels[labelReplica]) // a container without our label is nobody's replica
	out.Release, _ = strconv.Atoi(labels[labelRelease])
	if out.Service == "" {
		out.Service = labels[api.ServiceLabel]
	}
	setState(&out, c.State)
	setCheck(&out, c.Config.Healthcheck)
	return out
}

func setState(out *release.Container, s *container.State) {
	// A paused container runs for Docker, but answers nobody.
	out.Running, out.Status = s.Running && !s.Restarting && !s.Paused, string(s.Status)
	out.ExitCode, out.OOM, out.PID = s.ExitCode, s.OOMKilled, s.Pid
	out.Started, out.Finished = instant(s.StartedAt), instant(s.FinishedAt)
	if s.Health != nil && s.Health.Status != container.NoHealthcheck {
		out.Health = string(s.Health.Status)
	}
}

func setCheck(out *release.Container, check *container.HealthConfig) {
	if check == nil || len(check.Test) == 0 || check.Test[0] == "NONE" {
		return
	}
	out.HasCheck, out.Check = true, check.Test
}

// instant reads Docker's time; its year 1 is our zero time.
func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// addrOf is the container's address in the app's network: the configured one,
// which a stopped container has too, else the one Docker gave it.
func addrOf(c container.InspectResponse, app string) netip.Addr {
	if c.NetworkSettings == nil {
		return netip.Addr{}
	}
	endpoint := c.NetworkSettings.Networks[release.NetworkName(cmp.Or(app, c.Config.Labels[api.ProjectLabel]))]
	switch {
	case endpoint == nil:
		return netip.Addr{}
	case endpoint.IPAMConfig != nil && endpoint.IPAMConfig.IPv4Address.IsValid():
		return endpoint.IPAMConfig.IPv4Address
	}
	return endpoint.IPAddress
}
