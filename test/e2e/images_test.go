package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/test/images"
)

// packaged makes sure of the images built from Debian packages. "make images"
// has built them already where the scenarios are run as a whole.
func packaged(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if err := images.Ensure(ctx, func(line string) { t.Log(line) }); err != nil {
		t.Fatal(err)
	}
}

// box is one container of an image, without compose and without teal.
type box struct {
	t  *testing.T
	id string
}

// boxed starts a container and removes it when the test ends.
func boxed(t *testing.T, ref string, config container.Config, mounts ...string) box {
	t.Helper()
	b := box{t: t}
	config.Image = ref
	b.ask(func(ctx context.Context, cli *client.Client) error {
		made, err := cli.ContainerCreate(ctx, client.ContainerCreateOptions{
			Config: &config, HostConfig: &container.HostConfig{Binds: mounts}, Name: "tt-image-" + random(t),
		})
		if err != nil {
			return err
		}
		b.id = made.ID
		_, err = cli.ContainerStart(ctx, b.id, client.ContainerStartOptions{})
		return err
	})
	t.Cleanup(func() {
		b.ask(func(_ context.Context, cli *client.Client) error {
			_, err := cli.ContainerRemove(context.Background(), b.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			return err
		})
	})
	return b
}

func (b box) ask(do func(context.Context, *client.Client) error) {
	b.t.Helper()
	a := app{t: b.t}
	a.docker(do)
}

// pid is the container's first process, as this machine numbers it.
func (b box) pid() (pid int) {
	b.t.Helper()
	b.ask(func(ctx context.Context, cli *client.Client) error {
		found, err := cli.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{})
		if err == nil {
			pid = found.Container.State.Pid
		}
		return err
	})
	return pid
}

// try runs a command inside and returns its exit code and all of its output.
func (b box) try(command ...string) (code int, output string) {
	b.t.Helper()
	var out bytes.Buffer
	b.ask(func(ctx context.Context, cli *client.Client) error {
		made, err := cli.ExecCreate(ctx, b.id, client.ExecCreateOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
		if err != nil {
			return err
		}
		run, err := cli.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
		if err != nil {
			return err
		}
		defer run.Close()
		if _, err := stdcopy.StdCopy(&out, &out, run.Reader); err != nil {
			return err
		}
		ended, err := cli.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
		code = ended.ExitCode
		return err
	})
	return code, strings.TrimSpace(out.String())
}

// says runs a command, until it succeeds, and checks what it says.
func (b box) says(want string, command ...string) {
	b.t.Helper()
	var code int
	var output string
	a := app{t: b.t}
	a.until(strings.Join(command, " "), 30*time.Second, func() bool {
		code, output = b.try(command...)
		return code == 0
	})
	if !strings.Contains(output, want) {
		b.t.Errorf("%v says %q, want %q", command, output, want)
	}
}

// serves asks the server in the box, at its own address.
func (b box) serves(path, want string) {
	b.t.Helper()
	var got string
	b.ask(func(ctx context.Context, cli *client.Client) error {
		found, err := cli.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		res, err := http.Get("http://" + found.Container.NetworkSettings.Networks["bridge"].IPAddress.String() + path)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		got = string(body)
		return err
	})
	if got != want {
		b.t.Errorf("%s answers %q, want %q", path, got, want)
	}
}

// ends sends the image's stop signal and checks that the process ends by
// itself, with a code that means so.
func (b box) ends(codes ...int) {
	b.t.Helper()
	limit, code := 20, -1
	b.ask(func(ctx context.Context, cli *client.Client) error {
		if _, err := cli.ContainerStop(ctx, b.id, client.ContainerStopOptions{Timeout: &limit}); err != nil {
			return err
		}
		found, err := cli.ContainerInspect(ctx, b.id, client.ContainerInspectOptions{})
		code = found.Container.State.ExitCode
		return err
	})
	for _, c := range codes {
		if c == code {
			return
		}
	}
	b.t.Errorf("stopped with exit code %d, want one of %v", code, codes)
}

func TestScenarioThePackagedDatabaseKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	packaged(t)
	volume := "tt-image-" + random(t)
	t.Cleanup(func() {
		a := app{t: t}
		a.docker(func(ctx context.Context, cli *client.Client) error {
			_, err := cli.VolumeRemove(ctx, volume, client.VolumeRemoveOptions{})
			return err
		})
	})
	start := func() box {
		return boxed(t, "teal-images/postgres:15", container.Config{Env: []string{"POSTGRES_DB=shop", "POSTGRES_PASSWORD=open sesame"}}, volume+":/var/lib/postgresql/data")
	}
	sql := func(statement string) []string {
		return []string{"env", "PGPASSWORD=open sesame", "psql", "-qAt", "-h", "127.0.0.1", "-U", "postgres", "-d", "shop", "-c", statement}
	}
	first := start()
	first.says("", sql("create table kept as select 42 as answer")...)
	first.ends(0)
	second := start() // the volume is not empty now
	second.says("42", sql("select answer from kept")...)
	second.says("15.", sql("show server_version")...)
	if code, out := second.try("env", "PGPASSWORD=wrong", "psql", "-h", "127.0.0.1", "-U", "postgres", "-d", "shop", "-c", "select 1"); code == 0 {
		t.Errorf("a wrong password is let in: %s", out)
	}
	second.says("postgres", "stat", "-c", "%U", "/proc/1")
}

func TestScenarioThePackagedRedisAnswersAsItsOwnUser(t *testing.T) {
	t.Parallel()
	packaged(t)
	b := boxed(t, "teal-images/redis:7", container.Config{Cmd: []string{"redis-server", "--appendonly", "yes"}})
	b.says("PONG", "redis-cli", "ping")
	b.says("no", "redis-cli", "config", "get", "protected-mode")
	b.says("yes", "redis-cli", "config", "get", "appendonly")
	b.says("redis", "stat", "-c", "%U", "/proc/1")
	b.ends(0)
}

func TestScenarioThePackagedLanguagesHaveTheirLibraries(t *testing.T) {
	t.Parallel()
	packaged(t)
	python := boxed(t, "teal-images/django:3.2", container.Config{Cmd: []string{"sleep", "60"}})
	python.says("3.2.", "python", "-c", "import django, psycopg2, redis; print(django.__version__)")
	python.says("gunicorn", "gunicorn", "--version")
	node := boxed(t, "teal-images/node:18", container.Config{Cmd: []string{"sleep", "60"}})
	node.says("v18.", "node", "-v")
	node.says("ok", "node", "-e", `fetch; require("http").createServer(); console.log("ok")`)
}

func TestScenarioThePackagedNginxFillsItsTemplates(t *testing.T) {
	t.Parallel()
	packaged(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a := app{t: t, dir: dir}
	a.write("site.conf.template", "server { listen 80; location / { return 200 \"$uri of ${NAME}\"; } }\n")
	b := boxed(t, "teal-images/nginx:1.22", container.Config{Env: []string{"NAME=shop"}}, dir+":/etc/nginx/templates:ro")
	b.says("nginx/1.22", "nginx", "-v")
	b.says("successful", "nginx", "-t")
	b.says(`return 200 "$uri of shop"`, "cat", "/etc/nginx/conf.d/site.conf")
	b.says("OpenSSL", "openssl", "version")
	b.serves("/it", "/it of shop")
	b.ends(0)
}
