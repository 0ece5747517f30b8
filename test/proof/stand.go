package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"teal/internal/nginx"
	"teal/internal/release"
	"teal/test/load"
)

// service is the name of the one service that is routed.
const service = "web"

// stand is teal's switch with a real nginx, and an application that runs in
// this process: nothing is left out but Docker.
type stand struct {
	root   string
	app    release.App
	pair   *pair
	ledger *load.Ledger
	router *nginx.Router
	live   release.Color
}

// subnets tells the stands of this process apart.
var subnets byte

// newStand starts one with blue live and both colors running.
func newStand(ctx context.Context) (*stand, error) {
	s := &stand{ledger: load.NewLedger(), live: release.Blue}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("set up a stand: %w", err), s.close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *stand) open(ctx context.Context) (err error) {
	if s.root, err = publicFolder(); err != nil {
		return err
	}
	if s.app, err = standApp(s.root); err != nil {
		return err
	}
	// Away from addresses that tests of the rooms and the benchmarks use.
	subnets++
	subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 96 + subnets, byte(os.Getpid()), 0}), 24)
	most := s.app.Services[0]
	most.Replicas = mostReplicas
	if s.pair, err = newPair(subnet, []release.Service{most}, s.ledger.Keep); err != nil {
		return err
	}
	s.app.Services[0].Port = int(s.pair.port)
	if s.router, err = nginx.New(s.root); err != nil {
		return err
	}
	if err := s.router.Up(ctx, s.app); err != nil {
		return err
	}
	if err := s.router.Apply(ctx, s.app, s.pair.net); err != nil {
		return err
	}
	return s.shift(ctx, release.Blue)
}

// mostReplicas are played in each color; the app begins with one of them.
const mostReplicas = 2

func standApp(root string) (release.App, error) {
	plain, err := freeAddr()
	if err != nil {
		return release.App{}, err
	}
	secure, err := freeAddr()
	return release.App{
		Name:     "proof",
		Services: []release.Service{{Name: service, Replicas: 1}},
		Site: release.Site{Hosts: []string{siteHost}, Listen: []string{plain}, TLS: &release.TLS{
			Listen: []string{secure}, Cert: filepath.Join(root, "site.pem"), Key: filepath.Join(root, "site.key"), SelfSigned: true, HTTP2: true,
		}},
		Routes:  []release.Route{{Path: "/", To: service, MaxBody: -1}},
		Proxies: []release.Proxy{{Kind: release.ProxyStandalone}},
	}, err
}

// siteHost is the host name of the proof's sites.
const siteHost = "proof.example"

// shift is teal's switch, confirmed by nginx.
func (s *stand) shift(ctx context.Context, c release.Color) error {
	table := release.TableFor(c)
	if err := s.router.Shift(ctx, s.app, table); err != nil {
		return err
	}
	s.live = c
	return s.router.Confirm(ctx, s.app, table)
}

// turn switches to the other color.
func (s *stand) turn(ctx context.Context) error { return s.shift(ctx, s.live.Other()) }

// fill is the load's addresses and these groups.
func (s *stand) load(groups ...load.Group) load.Load {
	return load.Load{Plain: s.app.Site.Listen[0], Secure: s.app.Site.TLS.Listen[0], Host: siteHost, Groups: groups}
}

// close takes down what open got up to.
func (s *stand) close(ctx context.Context) error {
	var errs []error
	if s.router != nil {
		errs = append(errs, s.router.ProxyDown(ctx, "", true))
		s.router.Close()
	}
	if s.pair != nil {
		errs = append(errs, s.pair.close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.root))...)
}

// publicFolder is a new folder that nginx's workers, who are another user, can
// pass through.
func publicFolder() (string, error) {
	dir, err := os.MkdirTemp("", "teal-proof-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
