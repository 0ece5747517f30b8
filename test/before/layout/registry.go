package layout

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"time"

	served "github.com/google/go-containerregistry/pkg/registry"
)

// registry is a private registry on this machine, which asks who is there.
type registry struct {
	address string
	server  *http.Server
}

const registryUser, registryPassword = "runner", "s3cret of the registry"

func (s *Stand) openRegistry() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	open := served.New(served.Logger(log.New(io.Discard, "", 0)))
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != registryUser || password != registryPassword {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		open.ServeHTTP(w, r)
	})}
	s.registry = &registry{address: l.Addr().String(), server: server}
	go func() { _ = server.Serve(l) }() // ends with Close
	s.env = append(s.env, "REGISTRY="+s.registry.address, "REGISTRY_USER="+registryUser, "REGISTRY_PASSWORD="+registryPassword, "TAG=1")
	return nil
}

// Push builds a version and pushes it, as the build job of the workflow does.
func (s *Stand) Push(ctx context.Context, version string) error {
	ref := s.registry.address + "/shop/api:" + version
	for _, command := range [][]string{
		{"login", "-u", registryUser, "-p", registryPassword, s.registry.address},
		{"build", "-q", "--build-arg", "VERSION=" + version, "-t", ref, filepath.Join(s.App(), "app")},
		{"push", "-q", ref},
	} {
		if out, err := s.docker(ctx, command...); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return nil
}
