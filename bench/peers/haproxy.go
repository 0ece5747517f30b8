package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"teal/internal/release"
)

// haproxyText is an HAProxy as its manual has it, with what teal's nginx tells
// the application besides.
const haproxyText = `global
    %[1]s
    maxconn 4000
    stats socket %[2]s/admin.sock mode 600 level admin expose-fd listeners
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
frontend site
    bind %[3]s
    %[4]s
    option forwardfor
    http-request set-header X-Real-IP %%[src]
    http-request set-header X-Forwarded-Host %%[req.hdr(Host)]
    http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    default_backend app
backend app
%[5]s`

// upHAProxy is switched by a new configuration and a reload.
func upHAProxy(ctx context.Context, s *stand, p *peer) error {
	dir, err := s.folder("haproxy")
	if err != nil {
		return err
	}
	if err := s.bundle(); err != nil {
		return err
	}
	config := filepath.Join(dir, "haproxy.cfg")
	write := func(c release.Color) error {
		text := haproxyConf(s, dir, p.plain, "bind "+p.secure+" ssl crt "+s.bundled()+" alpn h2,http/1.1", fmt.Sprintf("    server app %s\n", s.at(c)))
		return replace(config, text)
	}
	p.flip = func(ctx context.Context, c release.Color) error {
		if err := write(c); err != nil {
			return err
		}
		// What "systemctl reload haproxy" does in Debian.
		if err := told(ctx, "haproxy", "-f", config, "-c", "-q"); err != nil {
			return err
		}
		return p.procs[0].cmd.Process.Signal(syscall.SIGUSR2)
	}
	if err := write(release.Blue); err != nil {
		return err
	}
	return runHAProxy(ctx, s, p, dir)
}

// upHAProxyAPI knows both colors and is told over its socket which is ready.
func upHAProxyAPI(ctx context.Context, s *stand, p *peer) error {
	dir, err := s.folder("haproxy-api")
	if err != nil {
		return err
	}
	servers := fmt.Sprintf("    server blue %s\n    server green %s disabled\n", s.at(release.Blue), s.at(release.Green))
	if err := replace(filepath.Join(dir, "haproxy.cfg"), haproxyConf(s, dir, p.plain, "", servers)); err != nil {
		return err
	}
	p.flip = func(ctx context.Context, c release.Color) error {
		return tellHAProxy(ctx, filepath.Join(dir, "admin.sock"), fmt.Sprintf("set server app/%s state ready; set server app/%s state maint", c, c.Other()))
	}
	return runHAProxy(ctx, s, p, dir)
}

func haproxyConf(s *stand, dir, plain, secure, servers string) string {
	threads := ""
	if s.alone() {
		threads = "nbthread 1"
	}
	return fmt.Sprintf(haproxyText, threads, dir, plain, secure, servers)
}

func runHAProxy(ctx context.Context, s *stand, p *peer, dir string) error {
	own, err := launch(command(ctx, s.cores.proxy, "haproxy", "-W", "-f", filepath.Join(dir, "haproxy.cfg")), filepath.Join(dir, "says.log"))
	if err != nil {
		return err
	}
	p.procs = append(p.procs, own)
	return nil
}

// bundle is the certificate with its key in one file, as HAProxy wants it.
func (s *stand) bundle() error {
	var all []byte
	for _, name := range []string{s.cert(), s.key()} {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		all = append(all, text...)
	}
	return os.WriteFile(s.bundled(), all, 0o600)
}

func (s *stand) bundled() string { return filepath.Join(s.root, "bundle.pem") }

// tellHAProxy gives a command to the runtime API. One that succeeds says
// nothing.
func tellHAProxy(ctx context.Context, socket, text string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, text+"\n"); err != nil {
		return err
	}
	said, err := io.ReadAll(conn)
	if err == nil && strings.TrimSpace(string(said)) != "" {
		err = fmt.Errorf("HAProxy says %q to %q", said, text)
	}
	return err
}
