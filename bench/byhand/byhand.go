// Package byhand is nginx as careful people write it: the sites that teal's are
// measured beside, and the application behind both, which is one in C as well.
package byhand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"teal/bench/machine"
	"teal/bench/pinned"
	"teal/bench/stage"
	"teal/internal/release"
)

// Nginx is one that is not teal's: the backend, or sites written by hand.
type Nginx struct {
	Dir    string // its files
	Master int    // process ID
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

// Start starts it on a processor with what its http block holds beyond that.
func Start(ctx context.Context, core int, block string) (*Nginx, error) {
	dir, err := stage.PublicFolder()
	if err != nil {
		return nil, err
	}
	n := &Nginx{Dir: dir}
	text := strings.ReplaceAll(mainText, "DIR", dir) + block + "}\n"
	if err := os.WriteFile(n.Config(), []byte(text), 0o644); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if out, err := pinned.On(ctx, core, "nginx", "-p", dir+"/", "-c", n.Config()).CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("start nginx: %w\n%s", err, out), os.RemoveAll(dir))
	}
	// The file is written before the program that started it ends
	// (ngx_create_pidfile after ngx_daemon).
	err = machine.Waited(ctx, "nginx starts", func() bool {
		n.Master = PidIn(filepath.Join(dir, "nginx.pid"))
		return n.Master > 0 && len(pinned.Children(n.Master)) == 1
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return n, nil
}

// Config is its configuration file.
func (n *Nginx) Config() string { return filepath.Join(n.Dir, "nginx.conf") }

// Close stops it and waits until it is gone.
func (n *Nginx) Close(ctx context.Context) error {
	process, err := os.FindProcess(n.Master)
	if err != nil {
		return err
	}
	if err := process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop nginx: %w", err)
	}
	err = machine.Waited(ctx, "nginx stops", func() bool { return PidIn(filepath.Join(n.Dir, "nginx.pid")) == 0 })
	return errors.Join(err, os.RemoveAll(n.Dir))
}

// PidIn is the process that a pid file names; 0 if there is none.
func PidIn(file string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(machine.Read(file)))
	if err != nil {
		return 0
	}
	return pid
}

// FreePort is one that nothing listens on at the address of blue.
func FreePort(network release.Network) (uint16, error) {
	l, err := net.Listen("tcp", netip.AddrPortFrom(network.Addr(stage.Slot(release.Blue)), 0).String())
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port), nil
}

// Backend answers for both colors of all apps, each with its name.
func Backend(ctx context.Context, core int, network release.Network, port uint16) (*Nginx, error) {
	var text strings.Builder
	for _, c := range release.Colors {
		at := netip.AddrPortFrom(network.Addr(stage.Slot(c)), port)
		fmt.Fprintf(&text, "    server { listen %s; location / { return 200 %s; } }\n", at, c)
	}
	return Start(ctx, core, text.String())
}

// Sites are what a careful person writes for so many sites: a static
// proxy_pass, kept connections to the application, and the headers that teal
// passes on as well.
func Sites(ctx context.Context, core, sites int, addr string, to netip.AddrPort) (*Nginx, error) {
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
`, i+1, to, addr, Host(i+1))
	}
	return Start(ctx, core, text.String())
}

// Host is what clients call the nth site, from 1 on.
func Host(n int) string { return fmt.Sprintf("app-%04d.bench.test", n) }

// Reload reloads an nginx, whoever's it is: from the signal to the master until
// new workers alone are there.
func Reload(ctx context.Context, master int) (time.Duration, error) {
	old := pinned.Children(master)
	process, err := os.FindProcess(master)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := process.Signal(syscall.SIGHUP); err != nil {
		return 0, err
	}
	err = machine.Waited(ctx, "new workers take over", func() bool {
		now := pinned.Children(master)
		return len(now) > 0 && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(old, pid) })
	})
	return time.Since(began), err
}

// Answer is what a site says on a new connection; "" if it is not served.
func Answer(ctx context.Context, addr, host string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		return ""
	}
	req.Host, req.Close = host, true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// Single moves teal's own nginx, whose files are in dir, to one processor and
// leaves it one worker, as the method wants it; all else stays as teal has
// written it. It returns the master.
func Single(ctx context.Context, dir string, core int) (int, error) {
	config := filepath.Join(dir, "nginx.conf")
	text, err := os.ReadFile(config)
	if err != nil {
		return 0, err
	}
	one := strings.Replace(string(text), "worker_processes auto;", "worker_processes 1;", 1)
	if one == string(text) {
		return 0, errors.New("teal's nginx does not say worker_processes auto: it can't be given one worker")
	}
	if err := os.WriteFile(config, []byte(one), 0o644); err != nil {
		return 0, err
	}
	master := PidIn(filepath.Join(dir, "nginx.pid"))
	if err := pinned.Pin(ctx, master, core); err != nil {
		return 0, err
	}
	_, err = Reload(ctx, master)
	return master, err
}
