// Package reloaded is an nginx that is switched the usual way: the file that
// names the color's servers is rewritten and nginx told to reload. It passes on
// over kept connections, as teal's own does, so the switch is all that differs.
package reloaded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"teal/internal/release"
)

// Nginx is one that runs. Addr is where clients meet it.
type Nginx struct {
	Addr    string
	dir     string
	servers func(release.Color) []string
}

const text = `worker_processes auto;
worker_rlimit_nofile 65536;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 16384; }
http {
    client_body_temp_path %[1]s/temp;
    proxy_temp_path %[1]s/temp;
    fastcgi_temp_path %[1]s/temp;
    uwsgi_temp_path %[1]s/temp;
    scgi_temp_path %[1]s/temp;
    access_log off;
    keepalive_requests 10000;
    upstream app {
        include %[1]s/color.conf;
        keepalive 64;
        keepalive_timeout 1s;
    }
    server {
        listen %[2]s;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://app;
        }
    }
}
`

// Start starts it at addr, with its files in a folder under root and blue's
// servers, each host:port. The caller closes it.
func Start(ctx context.Context, addr, root string, servers func(release.Color) []string) (*Nginx, error) {
	n := &Nginx{Addr: addr, dir: filepath.Join(root, "reloaded"), servers: servers}
	if err := os.Mkdir(n.dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(n.dir, "nginx.conf"), fmt.Appendf(nil, text, n.dir, addr), 0o644); err != nil {
		return nil, err
	}
	if err := n.include(release.Blue); err != nil {
		return nil, err
	}
	return n, Run(ctx, n.dir)
}

// Turn switches as a careful script does: a whole new file, then the reload. It
// returns when nginx -s reload has.
func (n *Nginx) Turn(ctx context.Context, c release.Color) error {
	return errors.Join(n.include(c), Run(ctx, n.dir, "-s", "reload"))
}

func (n *Nginx) include(c release.Color) error {
	next := filepath.Join(n.dir, "color.next")
	lines := "server " + strings.Join(n.servers(c), ";\nserver ") + ";\n"
	if err := os.WriteFile(next, []byte(lines), 0o644); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(n.dir, "color.conf"))
}

// Run runs the nginx whose nginx.conf lies in the folder; no arguments start it.
func Run(ctx context.Context, dir string, args ...string) error {
	out, err := exec.CommandContext(ctx, "nginx", append([]string{"-p", dir + "/", "-c", filepath.Join(dir, "nginx.conf")}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("nginx %v: %w\n%s", args, err, out)
	}
	return nil
}

// Close stops it and waits until its pid file is gone, which nginx removes
// last.
func (n *Nginx) Close(ctx context.Context) error {
	if err := Run(ctx, n.dir, "-s", "stop"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(filepath.Join(n.dir, "nginx.pid")); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the nginx that is reloaded does not stop")
		case <-tick.C:
		}
	}
}
