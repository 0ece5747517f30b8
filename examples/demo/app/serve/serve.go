// Package serve is what the demo's servers share: who they are, and how they
// end. The invariant: after SIGTERM no new connection is taken, and every
// request that has begun is finished before the process exits.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Patience is how long requests in flight may take after SIGTERM; less than
// the ten seconds after which Docker kills.
const Patience = 8 * time.Second

// Identity is which copy of the application answers. Color, release and
// replica are set by teal, the version is baked into the image.
type Identity struct {
	Version string `json:"version"`
	Color   string `json:"color"`
	Release string `json:"release"`
	Replica string `json:"replica"`
}

// Self reads the identity from the environment.
func Self() Identity {
	return Identity{
		Version: os.Getenv("VERSION"),
		Color:   os.Getenv("TEAL_COLOR"),
		Release: os.Getenv("TEAL_RELEASE"),
		Replica: os.Getenv("TEAL_REPLICA"),
	}
}

// Signals returns a context that ends with SIGTERM or SIGINT.
func Signals() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
}

// HTTP serves the handler on addr until ctx ends, then finishes the requests in
// flight. bye is called for the connections that left HTTP, which Shutdown
// doesn't know; it may be nil.
func HTTP(ctx context.Context, addr string, handler http.Handler, bye func()) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	log.Printf("version %s listens on %s", Self().Version, l.Addr())
	return On(ctx, l, handler, bye)
}

// On is HTTP on a listener that is open already.
func On(ctx context.Context, l net.Listener, handler http.Handler, bye func()) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Print("told to stop, finishing requests in flight")
	if err := finish(context.WithoutCancel(ctx), server, bye); err != nil {
		return fmt.Errorf("finish requests in flight: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// finish closes the listener first, then waits for HTTP and for what left it.
func finish(ctx context.Context, server *http.Server, bye func()) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	said := make(chan struct{})
	server.RegisterOnShutdown(func() {
		defer close(said)
		if bye != nil {
			bye()
		}
	})
	err := server.Shutdown(ctx)
	select {
	case <-said:
	case <-ctx.Done():
	}
	return err
}
