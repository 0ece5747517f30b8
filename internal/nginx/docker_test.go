package nginx

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/pkg/stdcopy"
	api "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	moby "github.com/moby/moby/client"

	"teal/internal/release"
)

// docker is the engine of this machine, as the tests and the Router use it.
type docker struct{ *moby.Client }

func dockerEngine(t *testing.T) docker {
	t.Helper()
	c, err := moby.New(moby.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return docker{c}
}

// Find knows names alone; that of a service is the one compose would give.
func (d docker) Find(ctx context.Context, project, service, name string) (release.Housing, error) {
	if name == "" {
		name = project + "-" + service + "-1"
	}
	found, err := d.ContainerInspect(ctx, name, moby.ContainerInspectOptions{})
	if err != nil {
		return release.Housing{}, nil // a test that wants one will miss it
	}
	c := found.Container
	h := release.Housing{ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), Running: c.State.Running, PID: c.State.Pid, Addrs: map[string]netip.Addr{}}
	h.Host = c.HostConfig.NetworkMode.IsHost()
	for name, endpoint := range c.NetworkSettings.Networks {
		h.Addrs[name] = endpoint.IPAddress
	}
	for _, m := range c.Mounts {
		h.Mounts = append(h.Mounts, release.Mount{Source: m.Source, Target: m.Destination, ReadOnly: !m.RW})
	}
	return h, nil
}

func (d docker) Exec(ctx context.Context, id string, argv []string) (int, string, error) {
	created, err := d.ExecCreate(ctx, id, moby.ExecCreateOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, "", err
	}
	attached, err := d.ExecAttach(ctx, created.ID, moby.ExecAttachOptions{})
	if err != nil {
		return 0, "", err
	}
	defer attached.Close()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, attached.Reader); err != nil {
		return 0, "", err
	}
	ended, err := d.ExecInspect(ctx, created.ID, moby.ExecInspectOptions{})
	return ended.ExitCode, out.String(), err
}

func (d docker) Join(ctx context.Context, id, name string) error {
	_, err := d.NetworkConnect(ctx, name, moby.NetworkConnectOptions{Container: id, EndpointConfig: &network.EndpointSettings{}})
	return err
}

func (d docker) Tail(ctx context.Context, id string, lines int) ([]string, error) {
	stream, err := d.ContainerLogs(ctx, id, moby.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: fmt.Sprint(lines)})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, stream)
	return strings.Split(strings.TrimSpace(out.String()), "\n"), err
}

// homeNetwork is where containers live that are somebody else's. It is not
// Docker's default one, which a machine may lack ("bridge": "none").
func homeNetwork() string { return fmt.Sprintf("tealtest-home-%d", os.Getpid()) }

// nginxImage is this machine's nginx in an image, made once for all tests, with
// their network.
var nginxImage = struct {
	sync.Mutex
	users int
	id    string
}{}

// image makes the image, and takes it away after its last user.
func (d docker) image(t *testing.T) string {
	t.Helper()
	nginxImage.Lock()
	defer nginxImage.Unlock()
	if nginxImage.users++; nginxImage.users == 1 {
		nginxImage.id = d.build(t)
		if _, err := d.NetworkCreate(t.Context(), homeNetwork(), moby.NetworkCreateOptions{Driver: "bridge"}); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		nginxImage.Lock()
		defer nginxImage.Unlock()
		if nginxImage.users--; nginxImage.users == 0 {
			_, err := d.ImageRemove(context.Background(), nginxImage.id, moby.ImageRemoveOptions{Force: true})
			_, err2 := d.NetworkRemove(context.Background(), homeNetwork(), moby.NetworkRemoveOptions{})
			if err := errors.Join(err, err2); err != nil {
				t.Error(err)
			}
		}
	})
	return nginxImage.id
}

func (d docker) build(t *testing.T) string {
	t.Helper()
	tag := fmt.Sprintf("tealtest-nginx-%d:1", os.Getpid())
	answer, err := d.ImageImport(t.Context(), moby.ImageImportSource{Source: bytes.NewReader(nginxFiles(t)), SourceName: "-"}, tag, moby.ImageImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	if text, err := io.ReadAll(answer); err != nil || strings.Contains(string(text), "error") {
		t.Fatalf("import: %s %v", text, err)
	}
	return tag
}

const (
	containerPasswd = "root:x:0:0::/:\nnginx:x:101:101::/:\n"
	containerGroup  = "root:x:0:\nnginx:x:101:\n"
	containerMain   = `user nginx;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events {}
http {
    access_log /dev/stdout combined;
    include /etc/nginx/conf.d/*.conf;
}
`
)

// nginxFiles is an archive of nginx and what it needs: the programs that the
// loader itself lists, and few files more.
func nginxFiles(t *testing.T) []byte {
	t.Helper()
	files := map[string][]byte{"etc/passwd": []byte(containerPasswd), "etc/group": []byte(containerGroup), "etc/nginx/nginx.conf": []byte(containerMain)}
	for _, path := range append(libraries(t, "/usr/sbin/nginx"), "/usr/sbin/nginx") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(path, "/")] = text
	}
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, dir := range []string{"run/", "tmp/", "var/lib/nginx/", "var/log/nginx/", "etc/nginx/conf.d/"} {
		if err := archive.WriteHeader(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// libraries asks the loader what the program needs; itself is one.
func libraries(t *testing.T, program string) []string {
	t.Helper()
	const loader = "/lib64/ld-linux-x86-64.so.2"
	out, err := exec.CommandContext(t.Context(), loader, "--list", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	list := []string{loader}
	for line := range strings.Lines(string(out)) {
		if _, path, ok := strings.Cut(line, "=> "); ok {
			path, _, _ = strings.Cut(path, " (")
			list = append(list, path)
		}
	}
	return list
}

// network makes the app's network, in a subnet that nobody has.
func (d docker) network(t *testing.T, app string) netip.Prefix {
	t.Helper()
	name := release.NetworkName(app)
	for n := range 250 {
		net := release.Network{Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 239, byte((os.Getpid()*16 + n) % 250), 0}), 24)}
		_, err := d.NetworkCreate(t.Context(), name, moby.NetworkCreateOptions{Driver: "bridge", IPAM: &network.IPAM{Config: []network.IPAMConfig{{
			Subnet: net.Subnet, Gateway: net.Gateway(), IPRange: net.DockerRange(),
		}}}})
		if err != nil && strings.Contains(err.Error(), "overlaps") {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := d.NetworkRemove(context.Background(), name, moby.NetworkRemoveOptions{}); err != nil {
				t.Error(err)
			}
		})
		return net.Subnet
	}
	t.Fatal("no free subnet")
	return netip.Prefix{}
}

// start runs nginx in a container of that name, which sees the mounts.
func (d docker) start(t *testing.T, name string, mounts []release.Mount) string {
	t.Helper()
	config := &api.HostConfig{NetworkMode: api.NetworkMode(homeNetwork())}
	for _, m := range mounts {
		config.Mounts = append(config.Mounts, mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly})
	}
	created, err := d.ContainerCreate(t.Context(), moby.ContainerCreateOptions{
		Name: name, HostConfig: config,
		Config: &api.Config{Image: d.image(t), Cmd: []string{"/usr/sbin/nginx", "-g", "daemon off;"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := d.ContainerRemove(context.Background(), created.ID, moby.ContainerRemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			t.Error(err)
		}
	})
	if _, err := d.ContainerStart(t.Context(), created.ID, moby.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	return created.ID
}

// folders makes the sources of mounts that aren't there, as Docker would.
func folders(t *testing.T, mounts []release.Mount) {
	t.Helper()
	for _, m := range mounts {
		if err := folder(filepath.Clean(m.Source)); err != nil {
			t.Fatal(err)
		}
	}
}
