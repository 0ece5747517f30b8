package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"teal/internal/deploy"
	"teal/internal/journal"
	"teal/internal/nginx"
	"teal/internal/release"
	"teal/internal/witness"
)

// stage is teal in this process, with nothing left out of a rollback to a warm
// standby but Docker: the deployer's own walk, its journal on disk, a real
// nginx, and both colors running all the time.
type stage struct {
	root     string
	app      release.App
	pair     *pair
	journal  *journal.Journal
	router   *nginx.Router
	clock    *clock // times the walk's steps
	deployer *deploy.Deployer
}

// newStage starts it, with release 1 in blue and release 2, which is live, in
// green. The caller closes it.
func newStage(ctx context.Context) (*stage, error) {
	s := &stage{}
	err := s.open(ctx)
	if err != nil {
		return nil, errors.Join(err, s.close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *stage) open(ctx context.Context) (err error) {
	if s.root, err = publicFolder(); err != nil {
		return err
	}
	if s.app, err = stageApp(); err != nil {
		return err
	}
	// Away from addresses that tests of the rooms use.
	subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 88, byte(os.Getpid()), 0}), 24)
	if s.pair, err = newPair(subnet, s.app.Services); err != nil {
		return err
	}
	s.app.Services[0].Port = int(s.pair.port())
	if s.journal, err = journal.Open(s.root); err != nil {
		return err
	}
	if s.router, err = nginx.New(s.root); err != nil {
		return err
	}
	s.clock = &clock{Router: s.router}
	s.deployer = &deploy.Deployer{
		Runtime: standby{net: s.pair.net}, Router: s.clock, Prober: ready{}, Witness: witness.New(),
		Journal: s.journal, Events: func(release.Event) {}, By: "bench",
	}
	return s.history(ctx)
}

// stageApp asks for no witness and no drain: both follow the switch and would
// only make the run long.
func stageApp() (release.App, error) {
	addr, err := freeAddr()
	return release.App{
		Name:     "bench",
		Services: []release.Service{{Name: "web", Replicas: 1}},
		Site:     release.Site{Listen: []string{addr}},
		Routes:   []release.Route{{Path: "/", To: "web"}},
		Proxies:  []release.Proxy{{Kind: release.ProxyStandalone}},
		Policy:   release.Policy{Standby: release.StandbyWarm, Keep: 5, Witness: release.WitnessPolicy{Off: true}},
	}, err
}

// history brings nginx and the journal to where two deploys would have.
func (s *stage) history(ctx context.Context) error {
	if err := s.journal.SaveNetwork(s.app.Name, s.pair.net); err != nil {
		return err
	}
	for i, c := range release.Colors {
		if err := s.released(i+1, c); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
	}
	if err := s.router.Up(ctx, s.app); err != nil {
		return err
	}
	if err := s.router.Apply(ctx, s.app, s.pair.net); err != nil {
		return err
	}
	return s.router.Shift(ctx, s.app, release.TableFor(release.Green))
}

func (s *stage) released(number int, c release.Color) error {
	shape, err := s.app.Deployed()
	if err != nil {
		return err
	}
	d := release.Deploy{App: s.app.Name, Kind: release.KindDeploy, Release: number, By: "bench", PID: os.Getpid()}
	id, err := s.journal.Begin(d, &release.Release{App: s.app.Name, Number: number, Color: c, State: release.StateStarting}, nil)
	if err != nil {
		return err
	}
	return errors.Join(
		s.journal.SaveSpec(release.Spec{App: s.app.Name, Number: number, Images: map[string]string{"web": "sha256:bench"}, Deployed: shape}),
		s.journal.SetState(s.app.Name, number, release.StateLive, c, ""),
		s.journal.End(id, release.OutcomeDone, nil),
	)
}

// switchTo is a rollback to the color's release, and what it took from the
// decision to nginx's confirmation, as the receipt has it.
func (s *stage) switchTo(ctx context.Context, c release.Color) (release.Receipt, error) {
	return s.deployer.Rollback(ctx, s.app, numberIn(c))
}

// addr is where clients meet the app.
func (s *stage) addr() string { return s.app.Site.Listen[0] }

// close takes down what open got up to.
func (s *stage) close(ctx context.Context) error {
	var errs []error
	if s.router != nil {
		errs = append(errs, s.router.ProxyDown(ctx, "", true))
		s.router.Close()
	}
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.pair != nil {
		s.pair.close()
	}
	return errors.Join(append(errs, os.RemoveAll(s.root))...)
}

// publicFolder is a new folder that nginx's workers, who are another user, can
// pass through.
func publicFolder() (string, error) {
	dir, err := os.MkdirTemp("", "teal-bench-")
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
