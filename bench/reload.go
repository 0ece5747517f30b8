package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"teal/bench/crowd"
	"teal/bench/machine"
	"teal/bench/stage"
	"teal/internal/release"
)

// reloaded is an nginx that is switched the usual way: the file that names
// the color's server is rewritten and nginx told to reload. It passes on over
// kept connections, as teal's own does, so the switch is all that differs.
type reloaded struct {
	dir   string
	addr  string
	stage *stage.Stage
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

// newReloaded starts it beside the stage, with its files in a folder there and the same colors.
func newReloaded(ctx context.Context, s *stage.Stage) (*reloaded, error) {
	addr, err := stage.FreeAddr()
	if err != nil {
		return nil, err
	}
	r := &reloaded{dir: filepath.Join(s.Root, "reloaded"), addr: addr, stage: s}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(r.config(), fmt.Appendf(nil, reloadedText, r.dir, addr), 0o644); err != nil {
		return nil, err
	}
	if err := r.include(release.Blue); err != nil {
		return nil, err
	}
	return r, r.nginx(ctx)
}

func (r *reloaded) config() string { return filepath.Join(r.dir, "nginx.conf") }

// flip switches as a careful script does: a whole new file, then the reload.
func (r *reloaded) flip(ctx context.Context, c release.Color) (crowd.Turn, error) {
	t := crowd.Turn{To: c, Decided: time.Now()}
	if err := r.include(c); err != nil {
		return t, err
	}
	err := r.nginx(ctx, "-s", "reload")
	t.Confirmed = time.Now()
	return t, err
}

func (r *reloaded) include(c release.Color) error {
	next := filepath.Join(r.dir, "color.next")
	if err := os.WriteFile(next, fmt.Appendf(nil, "server %s;\n", r.stage.At(c)), 0o644); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(r.dir, "color.conf"))
}

// nginx runs nginx with its files and the arguments; none start it.
func (r *reloaded) nginx(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "nginx", append([]string{"-p", r.dir + "/", "-c", r.config()}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("nginx %v: %w\n%s", args, err, out)
	}
	return nil
}

// close stops it and waits until its pid file is gone, which nginx removes
// last.
func (r *reloaded) close(ctx context.Context) error {
	if err := r.nginx(ctx, "-s", "stop"); err != nil {
		return err
	}
	for range 500 {
		if _, err := os.Stat(filepath.Join(r.dir, "nginx.pid")); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		machine.Pause(ctx, 10*time.Millisecond)
	}
	return errors.New("the nginx that is reloaded does not stop")
}
