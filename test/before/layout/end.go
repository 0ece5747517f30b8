package layout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// docker runs the Docker command line, which the layouts' scripts need too. It
// needs no folder: the copy's may be gone.
func (s *Stand) docker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("docker %s: %w", args[0], err)
	}
	return string(out), err
}

// Errors is the end of what the host's nginx has to say.
func (s *Stand) Errors() string {
	text, err := os.ReadFile(filepath.Join(s.Root, "var/log/nginx/error.log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(len(text)-4000, 0):])
}

// endWithin bounds the cleaning up.
const endWithin = time.Minute

// End takes away all that the copy has made: its nginx, its containers with
// their volumes and networks, its images, its folder.
func (s *Stand) End() error {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	var faults []error
	if s.registry != nil {
		faults = append(faults, s.registry.server.Close())
	}
	faults = append(faults, s.stopNginx(ctx))
	faults = append(faults,
		s.remove(ctx, []string{"ps", "-aq", "--filter", "name=" + s.ID}, []string{"rm", "-fv"}),
		s.remove(ctx, []string{"network", "ls", "-q", "--filter", "name=" + s.ID}, []string{"network", "rm"}),
		s.remove(ctx, []string{"volume", "ls", "-q", "--filter", "name=" + s.ID}, []string{"volume", "rm"}),
		s.removeImages(ctx))
	// A container may have written files of its own user into the copy.
	return errors.Join(append(faults, os.RemoveAll(s.Root))...)
}

// stopNginx ends the copy's nginx by its pid: "nginx -s stop" would read the
// configuration first, and fail where that is broken by now. The folder must
// not go before it has ended, or nobody could find it again.
func (s *Stand) stopNginx(ctx context.Context) error {
	text, err := os.ReadFile(filepath.Join(s.Root, "run/nginx.pid"))
	pid, parsed := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || parsed != nil { // it never ran, or was stopped
		return nil
	}
	command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if !strings.Contains(string(command), s.Root) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop nginx: %w", err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("nginx, pid %d, does not end", pid)
		case <-tick.C:
		}
	}
	return nil
}

func (s *Stand) remove(ctx context.Context, list, remove []string) error {
	out, err := s.docker(ctx, list...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	found := strings.Fields(out)
	if len(found) == 0 {
		return nil
	}
	if out, err = s.docker(ctx, append(remove, found...)...); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func (s *Stand) removeImages(ctx context.Context) error {
	out, err := s.docker(ctx, "images", "--format", "{{.Repository}}:{{.Tag}}")
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	ours := []string{"rmi"}
	for _, ref := range strings.Fields(out) {
		if strings.HasPrefix(ref, s.ID) || strings.HasPrefix(ref, "teal/"+s.ID+"/") || s.registry != nil && strings.HasPrefix(ref, s.registry.address+"/") {
			ours = append(ours, ref)
		}
	}
	if len(ours) == 1 {
		return nil
	}
	if out, err = s.docker(ctx, ours...); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}
