package witness

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A real nginx is reloaded under load. What the witness says was answered must
// be in nginx's own log, and what it says was reset is the only thing that may
// differ: a request in no log at all, or an answer that got lost on its way.
func TestTheCountsAgreeWithTheLogOfAReloadedNginx(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "over TLS": true} {
		t.Run(name, func(t *testing.T) { agreesWithNginx(t, secure) })
	}
}

func agreesWithNginx(t *testing.T, secure bool) {
	addr, log, nginx := startNginx(t, secure)
	r := Start(t.Context(), Load{Target: addr, TLS: secure, Groups: []Group{
		{Kind: Post, Count: 16, Think: time.Millisecond}, {Kind: Get, Count: 16, Think: time.Millisecond},
	}})
	for n := range 5 {
		until(t, "more requests", func() bool { return r.soFar().Sent > 500*(n+1) })
		if err := nginx.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the last requests", func() bool { return r.soFar().Sent > 3000 })
	w := r.Stop()
	addsUp(t, w)
	stopNginx(t, nginx)
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	logged := bytes.Count(data, []byte(" 200\n"))
	t.Logf("%d logged; %+v", logged, w)
	if logged < w.Answered || logged > w.Answered+w.Reset {
		t.Errorf("nginx logged %d answers, the witness saw %d and %d resets", logged, w.Answered, w.Reset)
	}
	// A handshake that a reload cuts off is no request: it is in no log.
	equal(t, "neither answered nor reset", w.Sent-w.Answered-w.Reset-w.Refused, 0)
	if w.Refused > 0 && !secure {
		t.Errorf("%d refused", w.Refused)
	}
}

const nginxConf = `
daemon off; worker_processes 2; error_log %[1]s/error.log; pid %[1]s/pid;
events { worker_connections 256; }
http {
  log_format ids '$http_x_witness_id $status'; access_log %[1]s/access.log ids;
  client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen %[2]s; return 200 ok; %[3]s }
}
`

func startNginx(t *testing.T, secure bool) (addr, log string, cmd *exec.Cmd) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tealtest-witness")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	addr = freeAddr(t)
	conf, more := filepath.Join(dir, "nginx.conf"), ""
	at := addr
	if secure {
		at, more = addr+" ssl", fmt.Sprintf("ssl_certificate %[1]s; ssl_certificate_key %[1]s;", writePair(t, dir))
	}
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, at, more), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("nginx", "-p", dir, "-c", conf, "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatalf("start nginx (see script/setup): %v", err)
	}
	t.Cleanup(func() {
		// Only after a failure is there anything left to end: the master takes
		// its workers with it.
		if cmd.Process.Signal(syscall.SIGTERM) == nil {
			cmd.Wait()
		}
	})
	until(t, "nginx answers", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr, filepath.Join(dir, "access.log"), cmd
}

// writePair writes a certificate and its key into one file.
func writePair(t *testing.T, dir string) string {
	t.Helper()
	cert := certified().Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	path := filepath.Join(dir, "pair.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stopNginx lets nginx finish, so that its log is complete.
func stopNginx(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("nginx ended: %v", err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// BenchmarkWitness measures what the witness itself can send: its own share
// of a machine that has to serve as well.
func BenchmarkWitness(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAll(c)
		}
	}()
	r := Start(b.Context(), Load{Target: l.Addr().String(), Groups: []Group{{Kind: Get, Count: 4}}})
	began := time.Now()
	for b.Loop() {
		for sent := r.soFar().Sent; r.soFar().Sent < sent+1000; {
			pause(b.Context(), time.Millisecond)
		}
	}
	w := r.Stop()
	b.ReportMetric(float64(w.Sent)/time.Since(began).Seconds(), "requests/s")
}

// answerAll answers each read, which is one request here.
func answerAll(c net.Conn) {
	defer c.Close()
	in := make([]byte, 4096)
	for {
		if _, err := c.Read(in); err != nil {
			return
		}
		if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")); err != nil {
			return
		}
	}
}
