package layout

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	served "github.com/google/go-containerregistry/pkg/registry"
)

// registry is a private registry on this machine, which asks who is there.
type registry struct {
	address string
	server  *http.Server
	pulled  atomic.Int64 // manifests given to who was known
	refused atomic.Int64 // requests with other credentials than the right ones
}

const registryUser, registryPassword = "runner", "s3cret of the registry"

func (s *Stand) openRegistry() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	open := served.New(served.Logger(log.New(io.Discard, "", 0)))
	s.registry = &registry{address: l.Addr().String()}
	s.registry.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: s.registry.guarding(open)}
	go func() { _ = s.registry.server.Serve(l) }() // ends with Close
	s.env = append(s.env, "REGISTRY="+s.registry.address, "REGISTRY_USER="+registryUser, "REGISTRY_PASSWORD="+registryPassword, "TAG=1")
	return nil
}

// guarding lets those in who know the password, and counts.
func (g *registry) guarding(open http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, named := r.BasicAuth()
		if user != registryUser || password != registryPassword {
			if named {
				g.refused.Add(1)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/") {
			g.pulled.Add(1)
		}
		open.ServeHTTP(w, r)
	})
}

// Registry is where images come from, with how many manifests were given out
// there, and how many requests were refused for their credentials.
func (s *Stand) Registry() (address string, pulled, refused int64) {
	return s.registry.address, s.registry.pulled.Load(), s.registry.refused.Load()
}

// Push builds a version and pushes it, as the build job of the workflow does,
// on a machine that is not the one which runs it: nothing of it stays here. A
// layout without a registry builds when it deploys, and needs none of this.
func (s *Stand) Push(ctx context.Context, version string) error {
	if s.registry == nil {
		return nil
	}
	ref := s.registry.address + "/shop/api:" + version
	for _, command := range [][]string{
		{"login", "-u", registryUser, "-p", registryPassword, s.registry.address},
		{"build", "-q", "--build-arg", "VERSION=" + version, "-t", ref, filepath.Join(s.App(), "app")},
		{"push", "-q", ref},
		{"rmi", ref},
	} {
		if out, err := s.docker(ctx, command...); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return nil
}
