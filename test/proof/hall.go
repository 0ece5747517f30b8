//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/release"
	"teal/test/dockyard"
	"teal/test/engine"
	"teal/test/load"
)

// hall is a Docker engine of the proof's own, to which things may be done that
// the machine's others would not survive, with the image of the application.
type hall struct {
	engine *engine.Engine
	yard   *dockyard.Yard
	teal   string
	sites  []*site
}

func newHall(ctx context.Context, teal string) (*hall, error) {
	e, err := engine.New(engine.Options{LiveRestore: true})
	if err != nil {
		return nil, fmt.Errorf("start an engine: %w", err)
	}
	h := &hall{engine: e, teal: teal}
	if h.yard, err = openYard(ctx, client.WithHost(e.Host())); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return h, nil
}

// Every release is an image of its own, as with real ones. The ids go into a
// file of the machine's, since the containers of such an engine don't reach
// each other.
const hallCompose = `services:
  web:
    build: {context: build, args: {VERSION: "${VERSION:-1}"}}
    command: [diary]
    volumes: ["./diary:/diary"]
`

// hallTeal is teal.yaml of a site with so many replicas. Few releases are kept,
// so that old ones are let go of.
func hallTeal(replicas int) string {
	return strings.Replace(tealText, "replicas: 2", fmt.Sprintf("replicas: %d", replicas), 1) + "  keep: 3\n  witness: {off: true}\n"
}

// siteLabel is on all images that a site has built, those without a name too.
const siteLabel = "teal.proof.site"

// site makes an application with its first two releases, so that there is one
// to go back to.
func (h *hall) site(ctx context.Context, name string, replicas int) (*site, error) {
	s, err := newSite(h.teal, h.yard.Image)
	if err != nil {
		return nil, err
	}
	h.sites = append(h.sites, s)
	s.name, s.env = fmt.Sprintf("proof-%s-%d", name, os.Getpid()), []string{"DOCKER_HOST=" + h.engine.Host()}
	s.replicas = replicas
	s.compose, s.yaml = hallCompose, hallTeal(replicas)
	build := filepath.Join(s.dir(), "build")
	if err := errors.Join(os.Mkdir(build, 0o755), os.Mkdir(filepath.Join(s.dir(), "diary"), 0o755),
		os.WriteFile(filepath.Join(build, "Dockerfile"), fmt.Appendf(nil, "FROM %s\nARG VERSION\nLABEL %s=%s version=$VERSION\n", h.yard.Image, siteLabel, s.name), 0o644)); err != nil {
		return nil, err
	}
	if err := s.configure(policy{5 * time.Second, 5 * time.Second, release.StandbyCold}); err != nil {
		return nil, err
	}
	for range 2 {
		if _, err := s.deploy(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// diary is the ledger that the site's containers have written.
func (s *site) diary() (*load.Ledger, error) {
	file, err := os.Open(filepath.Join(s.dir(), "diary", "ids"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l := load.NewLedger()
	return l, l.Read(file)
}

// close takes the applications away, and then the engine.
func (h *hall) close(ctx context.Context) error {
	var errs []error
	for _, s := range h.sites {
		errs = append(errs, s.close(ctx))
	}
	return errors.Join(append(errs, h.yard.Close(ctx), h.engine.Close())...)
}
