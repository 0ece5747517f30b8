package compose

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// withHolders turns what Docker says of a host port that is taken into an
// error that names the port and who holds it. Other errors stay as they are.
func (e *Engine) withHolders(ctx context.Context, project *types.Project, err error) error {
	if err == nil || ctx.Err() != nil || !portTaken(err) {
		return err
	}
	for _, name := range project.ServiceNames() {
		s := project.Services[name]
		for _, port := range hostPortsOf(s) {
			if !strings.Contains(err.Error(), ":"+strconv.Itoa(port)) {
				continue
			}
			return &release.Error{
				Code:   release.Gate,
				What:   fmt.Sprintf("host port %d, which %s publishes, is taken", port, name),
				Detail: slices.Concat([]string{err.Error()}, e.holders(ctx, port)),
				Next:   "free the port, or give " + cmp.Or(s.Labels[labelService], name) + " another one",
				Err:    err,
			}
		}
	}
	return err
}

// withNameHolder turns what Docker says of a container name that is taken into
// an error that says by whom: most often by the app as it was run before teal.
func (e *Engine) withNameHolder(ctx context.Context, project *types.Project, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, name := range project.ServiceNames() {
		s := project.Services[name]
		if s.ContainerName == "" || !strings.Contains(err.Error(), `"/`+s.ContainerName+`" is already in use`) {
			continue
		}
		detail := []string{err.Error()}
		if found, err := e.client.ContainerInspect(ctx, s.ContainerName, client.ContainerInspectOptions{}); err == nil {
			if from := found.Container.Config.Labels[api.ConfigFilesLabel]; from != "" {
				detail = append(detail, "it was made from "+from)
			}
		}
		return &release.Error{
			Code: release.Gate, What: fmt.Sprintf("container name %s, which %s has in its compose file, is taken", s.ContainerName, name), Detail: detail,
			Next: "docker rm -f " + s.ContainerName + ", if it is no longer needed, or take container_name off the service", Err: err,
		}
	}
	return err
}

// portTaken tells Docker's two ways to say so: of another container, and of
// another process.
func portTaken(err error) bool {
	return strings.Contains(err.Error(), "port is already allocated") || strings.Contains(err.Error(), "address already in use")
}

func hostPortsOf(s types.ServiceConfig) []int {
	var out []int
	for _, p := range s.Ports {
		out = append(out, published(p)...)
	}
	return out
}

// holders says who listens at the host port, as far as it can be found.
func (e *Engine) holders(ctx context.Context, port int) []string {
	var found []string
	containers, err := e.client.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return nil
	}
	for _, c := range containers.Items {
		if slices.ContainsFunc(c.Ports, func(p container.PortSummary) bool { return int(p.PublicPort) == port }) {
			found = append(found, fmt.Sprintf("container %s publishes port %d", nameOf(c), port))
		}
	}
	if len(found) > 0 || !strings.HasPrefix(e.client.DaemonHost(), "unix://") {
		return found
	}
	for _, inode := range listenersAt(port) {
		if who := ownerOf(inode); who != "" {
			found = append(found, fmt.Sprintf("%s listens at port %d", who, port))
		}
	}
	return found
}

// listenersAt are the inodes of the sockets that listen at the port on this
// machine.
func listenersAt(port int) []string {
	var inodes []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, l := range listeners(string(content)) {
			if l.port == port {
				inodes = append(inodes, l.inode)
			}
		}
	}
	return inodes
}

// ownerOf names the process that has the socket open: "nginx (pid 17)"; ""
// where it can't be seen, which takes root for the processes of others.
func ownerOf(inode string) string {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != "socket:["+inode+"]" {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if err != nil {
			return "process " + pid
		}
		return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), pid)
	}
	return ""
}
