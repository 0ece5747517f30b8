package main

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

// reloaded is an nginx that is switched the usual way: the file that names the
// color's server is rewritten and nginx told to reload. It passes on over kept
// connections, as teal's own does, so the switch is all that differs.
type reloaded struct {
	dir     string
	addr    string
	servers func(release.Color) []string
}

const reloadedText = `worker_processes auto;
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

// newReloaded starts it with its files in a folder under root, and blue's
// servers.
func newReloaded(ctx context.Context, root string, servers func(release.Color) []string) (*reloaded, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	r := &reloaded{dir: filepath.Join(root, "reloaded"), addr: addr, servers: servers}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(r.config(), fmt.Appendf(nil, reloadedText, r.dir, addr), 0o644); err != nil {
		return nil, err
	}
	if err := r.include(release.Blue); err != nil {
		return nil, err
	}
	return r, runNginx(ctx, r.dir)
}

func (r *reloaded) config() string { return filepath.Join(r.dir, "nginx.conf") }

// turn switches as a careful script does: a whole new file, then the reload.
func (r *reloaded) turn(ctx context.Context, c release.Color) error {
	return errors.Join(r.include(c), runNginx(ctx, r.dir, "-s", "reload"))
}

func (r *reloaded) include(c release.Color) error {
	next := filepath.Join(r.dir, "color.next")
	text := "server " + strings.Join(r.servers(c), ";\nserver ") + ";\n"
	if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(r.dir, "color.conf"))
}

// runNginx runs the nginx whose files lie in the folder; no arguments start it.
func runNginx(ctx context.Context, dir string, args ...string) error {
	out, err := exec.CommandContext(ctx, "nginx", append([]string{"-p", dir + "/", "-c", filepath.Join(dir, "nginx.conf")}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("nginx %v: %w\n%s", args, err, out)
	}
	return nil
}

// close stops it and waits until its pid file is gone, which nginx removes
// last.
func (r *reloaded) close(ctx context.Context) error {
	if err := runNginx(ctx, r.dir, "-s", "stop"); err != nil {
		return err
	}
	for range 500 {
		if _, err := os.Stat(filepath.Join(r.dir, "nginx.pid")); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		pause(ctx, 10*time.Millisecond)
	}
	return errors.New("the nginx that is reloaded does not stop")
}
