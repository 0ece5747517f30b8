package probe

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"go.uber.org/goleak"

	"teal/internal/release"
)

// engine is the Docker engine on this machine, as a Containers.
type engine struct{ *client.Client }

var (
	docker engine
	image  = fmt.Sprintf("tealtest-probe:%d", os.Getpid())
	// network is a user-defined one, as the app's is: Docker's resolver listens
	// in each of its containers.
	network = fmt.Sprintf("tealtest-probe-%d", os.Getpid())
	// bystander is a container that runs and does nothing, in this machine's
	// network, for targets whose address is answered by the test.
	bystander release.Container
)

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe tests:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	c, err := client.New(client.FromEnv)
	if err != nil {
		return 1, fmt.Errorf("connect to Docker: %w", err)
	}
	docker = engine{c}
	if err := buildImage(); err != nil {
		return 1, fmt.Errorf("build the test image (needs a running Docker engine; see script/setup): %w", err)
	}
	if err := standBy(); err != nil {
		return 1, fmt.Errorf("start the container that stands by: %w", err)
	}
	if _, err := c.NetworkCreate(context.Background(), network, client.NetworkCreateOptions{Driver: "bridge"}); err != nil {
		return 1, fmt.Errorf("make the tests' network: %w", err)
	}
	code = m.Run()
	_, stays := c.NetworkRemove(context.Background(), network, client.NetworkRemoveOptions{})
	_, gone := c.ContainerRemove(context.Background(), bystander.ID, client.ContainerRemoveOptions{Force: true})
	_, err = c.ImageRemove(context.Background(), image, client.ImageRemoveOptions{Force: true})
	return code, errors.Join(stays, gone, err, c.Close(), goleak.Find())
}

func standBy() error {
	ctx := context.Background()
	made, err := docker.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{Image: image, Cmd: []string{"idle"}}, HostConfig: &container.HostConfig{NetworkMode: "host"},
		Name: fmt.Sprintf("tealtest-probe-%d-bystander", os.Getpid())})
	if err != nil {
		return err
	}
	if _, err := docker.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return err
	}
	bystander, err = docker.Inspect(ctx, made.ID)
	return err
}

// buildImage makes an image of nothing but the static test program.
func buildImage() error {
	dir, err := os.MkdirTemp("", "tealtest-probe")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "app")
	build := exec.Command("go", "build", "-o", bin, "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	program, err := os.ReadFile(bin)
	if err != nil {
		return err
	}
	return importImage(program)
}

func importImage(program []byte) error {
	var root bytes.Buffer
	w := tar.NewWriter(&root)
	header := &tar.Header{Name: "app", Mode: 0o755, Size: int64(len(program))}
	if err := errors.Join(w.WriteHeader(header), writeAll(w, program), w.Close()); err != nil {
		return err
	}
	out, err := docker.ImageImport(context.Background(),
		client.ImageImportSource{Source: &root, SourceName: "-"}, image,
		client.ImageImportOptions{Changes: []string{`ENTRYPOINT ["/app"]`}})
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(io.Discard, out)
	return err
}

func writeAll(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

func (e engine) Inspect(ctx context.Context, id string) (release.Container, error) {
	r, err := e.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return release.Container{}, fmt.Errorf("inspect %s: %w", id, err)
	}
	c := release.Container{
		ID: r.Container.ID, Name: r.Container.Name, Restarts: r.Container.RestartCount,
		Running: r.Container.State.Running, Status: string(r.Container.State.Status),
		ExitCode: r.Container.State.ExitCode, OOM: r.Container.State.OOMKilled, PID: r.Container.State.Pid,
	}
	c.Started, _ = time.Parse(time.RFC3339Nano, r.Container.State.StartedAt)
	c.Finished, _ = time.Parse(time.RFC3339Nano, r.Container.State.FinishedAt)
	if h := r.Container.State.Health; h != nil {
		c.Health = string(h.Status)
	}
	if h := r.Container.Config.Healthcheck; h != nil {
		c.HasCheck, c.Check = true, h.Test
	}
	for _, n := range r.Container.NetworkSettings.Networks {
		c.Addr = n.IPAddress
	}
	return c, nil
}

func (e engine) Exec(ctx context.Context, id string, command []string) (int, string, error) {
	made, err := e.ExecCreate(ctx, id, client.ExecCreateOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, "", err
	}
	run, err := e.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, "", err
	}
	defer run.Close()
	defer context.AfterFunc(ctx, run.Close)()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, run.Reader); err != nil {
		return 0, "", err
	}
	end, err := e.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	return end.ExitCode, out.String(), err
}

func (e engine) Tail(ctx context.Context, id string, lines int) ([]string, error) {
	logs, err := e.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, logs)
	text := strings.TrimSpace(out.String())
	if text == "" {
		return nil, err
	}
	return strings.Split(text, "\n"), err
}

// options of a container that a test starts.
type options struct {
	args    []string
	check   []string
	memory  int64
	restart container.RestartPolicyMode
}

// start runs a container of the test image and removes it when the test ends.
func start(t *testing.T, o options) release.Container {
	t.Helper()
	ctx := context.Background()
	config := &container.Config{Image: image, Cmd: o.args}
	if o.check != nil {
		config.Healthcheck = &container.HealthConfig{Test: o.check}
	}
	host := &container.HostConfig{
		RestartPolicy: container.RestartPolicy{Name: o.restart},
		NetworkMode:   container.NetworkMode(network),
		Resources:     container.Resources{Memory: o.memory, MemorySwap: o.memory},
	}
	made, err := docker.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: config, HostConfig: host, Name: fmt.Sprintf("tealtest-probe-%d-%d", os.Getpid(), time.Now().UnixNano())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, made.ID) })
	if _, err := docker.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	c, err := docker.Inspect(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func remove(t *testing.T, id string) {
	t.Helper()
	_, err := docker.ContainerRemove(context.Background(), id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) {
		t.Error(err)
	}
}

// inContainer is the target of a container's port, replica n of web.
func inContainer(c release.Container, n int, port uint16, h release.Health) release.Target {
	if h.Timeout == 0 {
		h.Timeout = time.Minute
	}
	return release.Target{
		Slot: release.Slot{Service: "web", Color: release.Green, Replica: n}, Container: c,
		Addr: netip.AddrPortFrom(c.Addr, port), Health: h,
	}
}
