package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"teal/bench/stage"
	"teal/internal/release"
)

// publish has Docker's own docker-proxy lead a port on loopback to a color, as
// the engine does for each port that a compose file publishes.
func publish(ctx context.Context, s *stand, c release.Color) (*proc, string, error) {
	program, err := dockerProxy()
	if err != nil {
		return nil, "", err
	}
	at, err := stage.FreeAddr()
	if err != nil {
		return nil, "", err
	}
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, "", err
	}
	cmd := command(ctx, s.cores.proxy, program, "-proto", "tcp", "-host-ip", host, "-host-port", port,
		"-container-ip", s.net.Addr(stage.Slot(c)).String(), "-container-port", fmt.Sprint(s.port))
	heard, says, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer heard.Close()
	cmd.ExtraFiles = []*os.File{says} // it tells its parent there that it listens
	p, err := launch(cmd, filepath.Join(s.root, "docker-proxy-"+string(c)+".log"))
	says.Close()
	if err != nil {
		return nil, "", err
	}
	word, err := bufio.NewReader(heard).ReadString('\n')
	if strings.TrimSpace(word) != "0" {
		return nil, "", errors.Join(fmt.Errorf("docker-proxy says %q: %w", word, err), p.stop())
	}
	return p, at, nil
}

func dockerProxy() (string, error) {
	for _, name := range []string{"docker-proxy", "/usr/sbin/docker-proxy", "/usr/libexec/docker/docker-proxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("docker-proxy is missing: it comes with the engine (script/setup)")
}
