package main

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
	"time"
)

// site is an application with one service, as a person would deploy it: its
// files in a folder, a state root, the binary.
type site struct {
	teal  string
	root  string // holds the application's folder and the state root
	name  string
	addr  string // where it is served
	image string
	meter *meter // between teal and Docker
}

const composeText = `services:
  web:
    image: IMAGE
    environment:
      READY_AFTER: "${READY_AFTER:-0s}"
`

const tealText = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}}
site: {listen: ["ADDR"]}
routes: [{path: /, to: web}]
proxy: standalone
deploy: {standby: STANDBY}
`

// newSite writes the files. Nothing is deployed yet.
func newSite(program, image string) (*site, error) {
	root, err := publicFolder()
	if err != nil {
		return nil, err
	}
	s := &site{teal: program, root: root, name: fmt.Sprintf("bench-%d", os.Getpid()), image: image}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	return s, nil
}

func (s *site) furnish() (err error) {
	if s.addr, err = freeAddr(); err != nil {
		return err
	}
	if err := os.Mkdir(s.dir(), 0o755); err != nil {
		return err
	}
	if err := s.configure("cold"); err != nil {
		return err
	}
	s.meter, err = newMeter(filepath.Join(s.root, "docker.sock"))
	return err
}

// configure writes the files for a kind of standby; all else is by default.
func (s *site) configure(standby string) error {
	fill := strings.NewReplacer("NAME", s.name, "ADDR", s.addr, "IMAGE", s.image, "STANDBY", standby)
	return errors.Join(
		os.WriteFile(filepath.Join(s.dir(), "compose.yaml"), []byte(fill.Replace(composeText)), 0o644),
		os.WriteFile(filepath.Join(s.dir(), "teal.yaml"), []byte(fill.Replace(tealText)), 0o644),
	)
}

func (s *site) dir() string   { return filepath.Join(s.root, "app") }
func (s *site) state() string { return filepath.Join(s.root, "state") }

// ready asks the application that is live when it got ready.
func (s *site) ready(ctx context.Context) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/", nil)
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

// close takes the application away, and says if that leaves anything.
func (s *site) close(ctx context.Context) error {
	_, down := s.run(ctx, nil, "down", "--volumes", "--yes")
	_, stopped := s.run(ctx, nil, "proxy", "down")
	return errors.Join(down, stopped, s.meter.close(), os.RemoveAll(s.root))
}
