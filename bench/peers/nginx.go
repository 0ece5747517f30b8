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

	"teal/bench/stage"
	"teal/internal/release"
)

// upTeal is teal's own nginx as teal has written it, and teal in this process.
// A switch is decided when the receipt says so: once the walk has come to the
// shift, before the intent of it is written down.
func upTeal(ctx context.Context, s *stand, p *peer) error {
	st, err := s.stage(ctx, p)
	if err != nil {
		return err
	}
	var decided time.Time
	p.decided = func() time.Time { return decided }
	p.flip = func(ctx context.Context, c release.Color) error {
		receipt, err := st.SwitchTo(ctx, c)
		for _, turn := range st.Clock.Take() {
			decided = turn.Confirmed.Add(-receipt.Switch)
		}
		return err
	}
	return p.flip(ctx, release.Blue)
}

// upTealAlone is the same nginx with one worker, on the proxy's processor, for
// good with the color that the peer is to have; nothing else is changed. A
// request to green takes one step more than one to blue.
func upTealAlone(ctx context.Context, s *stand, p *peer) error {
	return upTealEdited(ctx, s, p, nil)
}

// upTealEdited is the same with something of its configuration changed.
func upTealEdited(ctx context.Context, s *stand, p *peer, edits []edit) error {
	st, err := s.stage(ctx, p)
	if err != nil {
		return err
	}
	if err := st.Router.Shift(ctx, st.App, release.TableFor(p.live)); err != nil {
		return err
	}
	if err := st.Router.ProxyDown(ctx, "", true); err != nil {
		return err
	}
	if err := apply(st.Root, edits); err != nil {
		return err
	}
	dir := filepath.Join(st.Root, "proxy")
	text, err := oneWorker(filepath.Join(dir, "nginx.conf"))
	if err != nil {
		return err
	}
	own, err := startNginx(ctx, s.cores.proxy, dir, text)
	if err == nil {
		p.procs = append(p.procs, own)
	}
	return err
}

// stage is a teal for the peer's addresses, with green live.
func (s *stand) stage(ctx context.Context, p *peer) (*stage.Stage, error) {
	site := release.Site{Listen: []string{p.plain}, TLS: &release.TLS{
		Listen: []string{p.secure}, Cert: s.cert(), Key: s.key(), SelfSigned: true, HTTP2: true,
	}}
	st, err := stage.With(ctx, s.net, s.port, site)
	if err == nil {
		p.down = st.Close
	}
	return st, err
}

// oneWorker is teal's main configuration with one worker in place of one for
// each processor, in the foreground.
func oneWorker(config string) (string, error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return "", err
	}
	const many = "worker_processes auto;"
	if strings.Count(string(text), many) != 1 {
		return "", fmt.Errorf("%s does not say %q once", config, many)
	}
	return strings.Replace(string(text), many, "worker_processes 1;\ndaemon off;", 1), nil
}

// startNginx starts an nginx with this configuration in its folder. Its own
// log goes beside it.
func startNginx(ctx context.Context, core int, dir, text string) (*proc, error) {
	config := filepath.Join(dir, "bench.conf")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return launch(command(ctx, core, "nginx", "-p", dir+"/", "-c", config), filepath.Join(dir, "says.log"))
}

// headText begins the configuration of an nginx that is not teal's, up to the
// inside of its http block: what is no matter of its layout.
func headText(dir, workers string) string {
	return fmt.Sprintf(`daemon off;
worker_processes %[2]s;
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
`, dir, workers)
}

// workers are those of a proxy.
func (s *stand) workers() string {
	if s.alone() {
		return "1"
	}
	return "auto"
}

// headersText is what each proxy is asked to tell the application, as teal's
// does.
const headersText = `
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
`

// upStatic is what somebody who knows nginx writes for one application that
// never moves: kept connections on both sides, no test of anything.
func upStatic(ctx context.Context, s *stand, p *peer) error {
	return runLayout(ctx, s, p, "static", fmt.Sprintf(`
    server_tokens off;
    keepalive_requests 10000;
    upstream app {
        server %[1]s;
        keepalive 64;
        keepalive_requests 10000;
    }
    server {
        listen %[2]s;
        listen %[3]s ssl http2;
        ssl_certificate %[4]s;
        ssl_certificate_key %[5]s;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:site:1m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        location / {
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://app;%[6]s        }
    }
}
`, s.at(release.Blue), p.plain, p.secure, s.cert(), s.key(), headersText), nil)
}

// upServiceURL is the layout that most guides have: a variable in an include,
// HTTP/1.0 without kept connections, and a port that Docker publishes by its
// docker-proxy, which runs here without a container behind it.
func upServiceURL(ctx context.Context, s *stand, p *peer) error {
	published := map[release.Color]string{}
	for _, c := range release.Colors {
		one, at, err := publish(ctx, s, c)
		if err != nil {
			return err
		}
		p.beside, published[c] = append(p.beside, one), at
	}
	include := func(c release.Color) string { return fmt.Sprintf("set $service_url http://%s;\n", published[c]) }
	return runLayout(ctx, s, p, "service-url", fmt.Sprintf(`
    server {
        listen %[1]s;
        include %[2]s/service-url/color.inc;
        location / {
            proxy_pass $service_url;
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
    }
}
`, p.plain, s.root), include)
}

// upLeastConn is the other: an upstream that a script rewrites.
func upLeastConn(ctx context.Context, s *stand, p *peer) error {
	include := func(c release.Color) string {
		return fmt.Sprintf("server %s max_fails=3 fail_timeout=10s;\n", s.at(c))
	}
	return runLayout(ctx, s, p, "least-conn", fmt.Sprintf(`
    upstream app {
        least_conn;
        include %[2]s/least-conn/color.inc;
    }
    server {
        listen %[1]s;
        location / {
            proxy_pass http://app;
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
    }
}
`, p.plain, s.root), include)
}

// runLayout runs an nginx in a folder of the stand's. It is switched as a
// careful script does it: a whole new include, then the reload.
func runLayout(ctx context.Context, s *stand, p *peer, name, text string, include func(release.Color) string) error {
	dir, err := s.folder(name)
	if err != nil {
		return err
	}
	if include != nil {
		if err := replace(filepath.Join(dir, "color.inc"), include(release.Blue)); err != nil {
			return err
		}
		p.flip = func(ctx context.Context, c release.Color) error {
			if err := replace(filepath.Join(dir, "color.inc"), include(c)); err != nil {
				return err
			}
			return told(ctx, "nginx", "-p", dir+"/", "-c", filepath.Join(dir, "bench.conf"), "-s", "reload")
		}
	}
	own, err := startNginx(ctx, s.cores.proxy, dir, headText(dir, s.workers())+text)
	if err != nil {
		return err
	}
	p.procs = append(p.procs, own)
	return nil
}

// replace puts a whole new file in the place of an old one.
func replace(path, text string) error {
	return errors.Join(os.WriteFile(path+".next", []byte(text), 0o644), os.Rename(path+".next", path))
}

// told runs a command that has to succeed.
func told(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %q: %w\n%s", name, args, err, out)
	}
	return nil
}
