package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"teal/bench/machine"
	"teal/bench/pinned"
	"teal/bench/stage"
	"teal/internal/release"
)

// nginx is one that is not teal's: the backend, or sites written by hand.
type nginx struct {
	dir    string
	master int
}

// mainText is what both have in common. One worker: it is to fill one
// processor.
const mainText = `worker_processes 1;
worker_rlimit_nofile 65536;
pid DIR/nginx.pid;
error_log DIR/error.log;
events { worker_connections 16384; }
http {
    client_body_temp_path DIR/temp;
    proxy_temp_path DIR/temp;
    fastcgi_temp_path DIR/temp;
    uwsgi_temp_path DIR/temp;
    scgi_temp_path DIR/temp;
    access_log off;
    server_tokens off;
    keepalive_requests 10000;
    server_names_hash_bucket_size 256;
    server_names_hash_max_size 4096;
`

// start starts it on a processor with what its http block holds beyond that.
func start(ctx context.Context, core int, http string) (*nginx, error) {
	dir, err := stage.PublicFolder()
	if err != nil {
		return nil, err
	}
	n := &nginx{dir: dir}
	text := strings.ReplaceAll(mainText, "DIR", dir) + http + "}\n"
	if err := os.WriteFile(n.config(), []byte(text), 0o644); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if out, err := pinned.On(ctx, core, "nginx", "-p", dir+"/", "-c", n.config()).CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("start nginx: %w\n%s", err, out), os.RemoveAll(dir))
	}
	// The file is written before the program that started it ends
	// (ngx_create_pidfile after ngx_daemon).
	err = waited(ctx, "nginx starts", func() bool {
		n.master = pidIn(filepath.Join(dir, "nginx.pid"))
		return n.master > 0 && len(pinned.Children(n.master)) == 1
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return n, nil
}

func (n *nginx) config() string { return filepath.Join(n.dir, "nginx.conf") }

// close stops it and waits until it is gone.
func (n *nginx) close(ctx context.Context) error {
	process, err := os.FindProcess(n.master)
	if err != nil {
		return err
	}
	if err := process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop nginx: %w", err)
	}
	err = waited(ctx, "nginx stops", func() bool { return pidIn(filepath.Join(n.dir, "nginx.pid")) == 0 })
	return errors.Join(err, os.RemoveAll(n.dir))
}

func pidIn(file string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(machine.Read(file)))
	if err != nil {
		return 0
	}
	return pid
}

// backend answers for both colors of all apps, each with its name.
func backend(ctx context.Context, core int, net release.Network, port uint16) (*nginx, error) {
	var text strings.Builder
	for _, c := range release.Colors {
		at := netip.AddrPortFrom(net.Addr(stage.Slot(c)), port)
		fmt.Fprintf(&text, "    server { listen %s; location / { return 200 %s; } }\n", at, c)
	}
	return start(ctx, core, text.String())
}

// byHand is what a careful person writes for so many sites: a static
// proxy_pass, kept connections to the application, and the headers that teal
// passes on as well.
func byHand(ctx context.Context, core, sites int, addr string, to netip.AddrPort) (*nginx, error) {
	var text strings.Builder
	for i := range sites {
		fmt.Fprintf(&text, `    upstream app%[1]d {
        server %[2]s;
        keepalive 64;
    }
    server {
        listen %[3]s;
        server_name %[4]s;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_pass http://app%[1]d;
        }
    }
`, i+1, to, addr, host(i+1))
	}
	return start(ctx, core, text.String())
}
