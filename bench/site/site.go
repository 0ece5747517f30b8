// Package site deploys an application by the built binary as a person would, on
// a real Docker, and takes apart where the time of a deploy went.
package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"teal/bench/stage"
)

// Site is an application as a person would deploy it: its files in a folder, a
// state root, the binary.
type Site struct {
	teal  string
	root  string // holds the application's folder and the state root
	Name  string
	Addr  string // where it is served
	image string
	size  Size
	meter *meter // between teal and Docker
}

// Size is how many services an application has, all the same, and how many
// replicas each.
type Size struct{ Services, Replicas int }

// sites counts the applications of this process, so that each has a name of
// its own.
var sites atomic.Int64

const composeService = `  SERVICE:
    image: IMAGE
    environment:
      READY_AFTER: "${READY_AFTER:-0s}"
`

const tealText = `app: NAME
services:
SERVICESsite: {listen: ["ADDR"]}
routes:
ROUTESproxy: standalone
deploy: {standby: STANDBY}
`

// New writes the files of an application. Nothing is deployed yet.
func New(program, image string, size Size) (*Site, error) {
	root, err := stage.PublicFolder()
	if err != nil {
		return nil, err
	}
	s := &Site{teal: program, root: root, Name: fmt.Sprintf("bench-%d-%d", os.Getpid(), sites.Add(1)), image: image, size: size}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	return s, nil
}

func (s *Site) furnish() (err error) {
	if s.Addr, err = stage.FreeAddr(); err != nil {
		return err
	}
	if err := os.Mkdir(s.dir(), 0o755); err != nil {
		return err
	}
	if err := s.Configure("cold"); err != nil {
		return err
	}
	s.meter, err = newMeter(filepath.Join(s.root, "docker.sock"))
	return err
}

// Configure writes the files for a kind of standby; all else is by default.
func (s *Site) Configure(standby string) error {
	compose, services, routes := "services:\n", "", ""
	for n := range s.size.Services {
		name := fmt.Sprintf("web%d", n+1)
		compose += strings.ReplaceAll(composeService, "SERVICE", name)
		services += fmt.Sprintf("  %s: {port: 8080, replicas: %d, health: {http: /healthz, timeout: 15s}}\n", name, s.size.Replicas)
		routes += fmt.Sprintf("  - {path: %s, to: %s}\n", s.path(n), name)
	}
	fill := strings.NewReplacer("NAME", s.Name, "ADDR", s.Addr, "IMAGE", s.image, "STANDBY", standby, "SERVICES", services, "ROUTES", routes)
	return errors.Join(
		os.WriteFile(filepath.Join(s.dir(), "compose.yaml"), []byte(fill.Replace(compose)), 0o644),
		os.WriteFile(filepath.Join(s.dir(), "teal.yaml"), []byte(fill.Replace(tealText)), 0o644),
	)
}

// path leads to the nth service.
func (s *Site) path(n int) string {
	if n == 0 {
		return "/"
	}
	return fmt.Sprintf("/%d/", n)
}

func (s *Site) dir() string { return filepath.Join(s.root, "app") }

// State is its state root.
func (s *Site) State() string { return filepath.Join(s.root, "state") }

// ready asks the application that is live when the last of its services got
// ready, and the last of their replicas as far as it answers.
func (s *Site) ready(ctx context.Context) (last time.Time, err error) {
	asks := s.size.Services
	if s.size.Replicas > 1 { // any of them may answer
		asks *= 4 * s.size.Replicas
	}
	for n := range asks {
		one, err := s.readyAt(ctx, s.path(n%s.size.Services))
		if err != nil {
			return last, err
		}
		last = latest(last, one)
	}
	return last, nil
}

func (s *Site) readyAt(ctx context.Context, path string) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr+path, nil)
	if err != nil {
		return time.Time{}, err
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return time.Time{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return time.Time{}, err
	}
	nanos, err := strconv.ParseInt(string(body), 10, 64)
	return time.Unix(0, nanos), err
}

// Close takes the application away, and says if that leaves anything.
func (s *Site) Close(ctx context.Context) error {
	_, down := s.Run(ctx, nil, "down", "--volumes", "--yes")
	_, stopped := s.Run(ctx, nil, "proxy", "down")
	return errors.Join(down, stopped, s.meter.close(), os.RemoveAll(s.root))
}
