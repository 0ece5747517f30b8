package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	api "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// nginxImage is this machine's nginx in an image: made by the first test that
// wants it, removed after the last.
var nginxImage struct {
	sync.Mutex
	users int
}

func nginxRef() string { return fmt.Sprintf("tealtest-e2e-nginx:%d", os.Getpid()) }

// packNginx makes the image and returns its name.
func packNginx(t *testing.T) string {
	t.Helper()
	nginxImage.Lock()
	defer nginxImage.Unlock()
	if nginxImage.users++; nginxImage.users == 1 {
		importNginx(t)
	}
	t.Cleanup(func() {
		nginxImage.Lock()
		defer nginxImage.Unlock()
		if nginxImage.users--; nginxImage.users == 0 {
			removeImage(nginxRef())
		}
	})
	return nginxRef()
}

func importNginx(t *testing.T) {
	cli, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	defer cli.Close()
	answer, err := cli.ImageImport(t.Context(), client.ImageImportSource{Source: nginxFiles(t), SourceName: "-"}, nginxRef(),
		client.ImageImportOptions{Changes: []string{`CMD ["/usr/sbin/nginx", "-g", "daemon off;"]`}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	if text, err := io.ReadAll(answer); err != nil || strings.Contains(string(text), "error") {
		t.Fatalf("import nginx: %s %v", text, err)
	}
}

const packedMain = `user www;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events {}
http {
    access_log /dev/stdout combined;
    include /etc/nginx/conf.d/*.conf;
}
`

// nginxFiles is an archive of nginx, the libraries that its loader lists, and
// what it reads at its start.
func nginxFiles(t *testing.T) io.Reader {
	t.Helper()
	const loader, program = "/lib64/ld-linux-x86-64.so.2", "/usr/sbin/nginx"
	listed, err := exec.Command(loader, "--list", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/:\nwww:x:101:101::/:\n", "etc/group": "root:x:0:\nwww:x:101:\n", "etc/nginx/nginx.conf": packedMain,
	} {
		if err := addBytes(tw, name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"run/", "tmp/", "var/lib/nginx/", "var/log/nginx/", "etc/nginx/conf.d/"} {
		if err := tw.WriteHeader(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	for _, word := range slices.Compact(slices.Sorted(slices.Values(append(strings.Fields(string(listed)), loader, program)))) {
		if !strings.HasPrefix(word, "/") { // the names without a path and the addresses
			continue
		}
		if err := addFile(tw, word, word[1:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf
}

// edge is an application behind an nginx in a container that somebody else
// runs.
type edge struct {
	*app
	container string // its name
	root      string // folder of the test
}

const edgeTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}}
site: {hosts: [shop.example], listen: ["80"]}
routes:
  - {path: /, to: web}
proxy: {kind: container, container: NAME-nginx}
deploy:
  drain: {timeout: 5s, streams: 5s}
`

// newEdge makes the application; its nginx is not there yet.
func newEdge(t *testing.T) *edge {
	t.Helper()
	var e edge
	// Registered first, so that it runs after teal down: a container that is
	// somebody else's outlives the app.
	t.Cleanup(func() { e.unship() })
	e.app = bare(t)
	e.host, e.container, e.root = "shop.example", e.name+"-nginx", filepath.Dir(e.dir)
	e.mounted = true
	e.write("compose.yaml", composeFile)
	e.config(edgeTeal)
	return &e
}

// mounts are those that docs/proxies.md tells the owner to add.
func (e *edge) mounts() []string {
	var list []string
	for _, dir := range []string{"tables", "live", "flags"} {
		list = append(list, fmt.Sprintf("%[1]s/%[2]s:%[1]s/%[2]s:ro", e.state, dir))
	}
	return append(list, fmt.Sprintf("%[1]s/apps/%[2]s:%[1]s/apps/%[2]s", e.state, e.name), e.root+"/nginx.d:/etc/nginx/conf.d:ro")
}

// ship starts the container with these mounts, its port 80 published at the
// application's port.
func (e *edge) ship(mounts []string) {
	e.t.Helper()
	ref, port := packNginx(e.t), network.MustParsePort("80/tcp")
	for _, m := range mounts {
		source, _, _ := strings.Cut(m, ":")
		if err := os.MkdirAll(source, 0o755); err != nil {
			e.t.Fatal(err)
		}
	}
	e.docker(func(ctx context.Context, cli *client.Client) error {
		if _, err := cli.NetworkCreate(ctx, e.network(), client.NetworkCreateOptions{Driver: "bridge"}); err != nil {
			return err
		}
		_, err := cli.ContainerCreate(ctx, client.ContainerCreateOptions{
			Name: e.container, Config: &api.Config{Image: ref, ExposedPorts: network.PortSet{port: {}}},
			HostConfig: &api.HostConfig{Binds: mounts, NetworkMode: api.NetworkMode(e.network()), PortBindings: network.PortMap{
				port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: fmt.Sprint(e.port)}},
			}},
		})
		if err != nil {
			return err
		}
		_, err = cli.ContainerStart(ctx, e.container, client.ContainerStartOptions{})
		return err
	})
}

// network is that of the container's owner.
func (e *edge) network() string { return "tealtest-" + e.name }

// unship removes the container.
func (e *edge) unship() {
	e.docker(func(ctx context.Context, cli *client.Client) error {
		_, _ = cli.ContainerRemove(ctx, e.container, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}) // a test may have done it
		_, _ = cli.NetworkRemove(ctx, e.network(), client.NetworkRemoveOptions{})
		return nil
	})
}

// at does something to the container by its name.
func (e *edge) at(do func(context.Context, *client.Client, string) error) {
	e.t.Helper()
	e.docker(func(ctx context.Context, cli *client.Client) error { return do(ctx, cli, e.container) })
}

func stopIt(ctx context.Context, cli *client.Client, name string) error {
	_, err := cli.ContainerStop(ctx, name, client.ContainerStopOptions{})
	return err
}

func startIt(ctx context.Context, cli *client.Client, name string) error {
	_, err := cli.ContainerStart(ctx, name, client.ContainerStartOptions{})
	return err
}

func restartIt(ctx context.Context, cli *client.Client, name string) error {
	_, err := cli.ContainerRestart(ctx, name, client.ContainerRestartOptions{})
	return err
}

// shows checks which version the site's own host gets at a port.
func (a *app) shows(port, version int) {
	a.t.Helper()
	if page := a.fetch(port, "/"); !strings.Contains(page, fmt.Sprintf("version %d", version)) {
		a.t.Errorf("port %d answers %q, want version %d", port, page, version)
	}
}

// comesUp waits until the site answers with that version again.
func (a *app) comesUp(port, version int) {
	a.t.Helper()
	a.until(fmt.Sprintf("version %d at port %d", version, port), 10*time.Second, func() bool {
		return strings.Contains(a.fetch(port, "/"), fmt.Sprintf("version %d", version))
	})
}
