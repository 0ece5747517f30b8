// Package stage is teal in this process, with nothing left out of a rollback to
// a warm standby but Docker: the deployer's own walk, its journal on disk, a
// real nginx, and both colors running all the time.
package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"teal/bench/crowd"
	"teal/internal/deploy"
	"teal/internal/journal"
	"teal/internal/nginx"
	"teal/internal/release"
	"teal/internal/witness"
)

// Stage is one such teal, with the app's clients at Addr.
type Stage struct {
	Root   string
	App    release.App
	Net    release.Network // the addresses of both colors
	Router *nginx.Router
	Clock  *Clock // times the walk's steps

	pair     *pair // nil where somebody else plays the colors
	journal  *journal.Journal
	deployer *deploy.Deployer
}

// Service is the name of the app's one service.
const Service = "web"

// New starts a stage that plays both colors itself, with release 1 in blue and
// release 2, which is live, in green. The caller closes it.
func New(ctx context.Context) (*Stage, error) {
	// Away from addresses that tests of the rooms use.
	net, err := Subnet(88)
	if err != nil {
		return nil, err
	}
	both, err := newPair(net)
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		both.close()
		return nil, err
	}
	s, err := With(ctx, net, both.port(), release.Site{Listen: []string{addr}})
	if err != nil {
		both.close()
		return nil, err
	}
	s.pair = both
	return s, nil
}

// With is New with colors that others play, at the network's addresses and on
// this port, and with a site that may have TLS.
func With(ctx context.Context, net release.Network, port uint16, site release.Site) (*Stage, error) {
	s := &Stage{Net: net, App: appOf(site, port)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// Subnet gives both colors of a service their addresses in a part of the
// loopback network that is this process's own.
func Subnet(second byte) (release.Network, error) {
	subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, second, byte(os.Getpid()), 0}), 24)
	return release.Network{Subnet: subnet}.Assign([]release.Service{{Name: Service, Replicas: 1}})
}

// Slot is where a color's one replica has its address.
func Slot(c release.Color) release.Slot { return release.Slot{Service: Service, Color: c, Replica: 1} }

func (s *Stage) open(ctx context.Context) (err error) {
	if s.Root, err = PublicFolder(); err != nil {
		return err
	}
	if s.journal, err = journal.Open(s.Root); err != nil {
		return err
	}
	if s.Router, err = nginx.New(s.Root); err != nil {
		return err
	}
	s.Clock = &Clock{Router: s.Router}
	s.deployer = &deploy.Deployer{
		Runtime: standby{net: s.Net}, Router: s.Clock, Prober: ready{}, Witness: witness.New(),
		Journal: s.journal, Events: func(release.Event) {}, By: "bench",
	}
	return s.history(ctx)
}

// appOf asks for no witness and no drain: both follow the switch and would
// only make the run long.
func appOf(site release.Site, port uint16) release.App {
	return release.App{
		Name:     "bench",
		Services: []release.Service{{Name: Service, Port: int(port), Replicas: 1}},
		Site:     site,
		Routes:   []release.Route{{Path: "/", To: Service}},
		Proxies:  []release.Proxy{{Kind: release.ProxyStandalone}},
		Policy:   release.Policy{Standby: release.StandbyWarm, Keep: 5, Witness: release.WitnessPolicy{Off: true}},
	}
}

// history brings nginx and the journal to where two deploys would have.
func (s *Stage) history(ctx context.Context) error {
	if err := s.journal.SaveNetwork(s.App.Name, s.Net); err != nil {
		return err
	}
	for i, c := range release.Colors {
		if err := Released(s.journal, s.App, i+1, c); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
	}
	if err := s.Router.Up(ctx, s.App); err != nil {
		return err
	}
	if err := s.Router.Apply(ctx, s.App, s.Net); err != nil {
		return err
	}
	return s.Router.Shift(ctx, s.App, release.TableFor(release.Green))
}

// Released writes a release into the journal as its deploy would have.
func Released(j *journal.Journal, app release.App, number int, c release.Color) error {
	shape, err := app.Deployed()
	if err != nil {
		return err
	}
	d := release.Deploy{App: app.Name, Kind: release.KindDeploy, Release: number, By: "bench", PID: os.Getpid()}
	id, err := j.Begin(d, &release.Release{App: app.Name, Number: number, Color: c, State: release.StateStarting}, nil)
	if err != nil {
		return err
	}
	return errors.Join(
		j.SaveSpec(release.Spec{App: app.Name, Number: number, Images: map[string]string{Service: "sha256:bench"}, Deployed: shape}),
		j.SetState(app.Name, number, release.StateLive, c, ""),
		j.End(id, release.OutcomeDone, nil),
	)
}

// SwitchTo is a rollback to the color's release, and what it took from the
// decision to nginx's confirmation, as the receipt has it.
func (s *Stage) SwitchTo(ctx context.Context, c release.Color) (release.Receipt, error) {
	return s.deployer.Rollback(ctx, s.App, numberIn(c))
}

// Addr is where clients meet the app.
func (s *Stage) Addr() string { return s.App.Site.Listen[0] }

// At is where a color answers.
func (s *Stage) At(c release.Color) netip.AddrPort {
	return netip.AddrPortFrom(s.Net.Addr(Slot(c)), uint16(s.App.Services[0].Port))
}

// Flip is SwitchTo, and when it was.
func (s *Stage) Flip(ctx context.Context, c release.Color) (crowd.Turn, error) {
	if _, err := s.SwitchTo(ctx, c); err != nil {
		return crowd.Turn{}, err
	}
	return s.Clock.Take()[0].Turn, nil
}

// Close takes down what was started.
func (s *Stage) Close(ctx context.Context) error {
	var errs []error
	if s.Router != nil {
		errs = append(errs, s.Router.ProxyDown(ctx, "", true))
		s.Router.Close()
	}
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.pair != nil {
		s.pair.close()
	}
	return errors.Join(append(errs, os.RemoveAll(s.Root))...)
}

// PublicFolder is a new folder that nginx's workers, who are another user, can
// pass through.
func PublicFolder() (string, error) {
	dir, err := os.MkdirTemp("", "teal-bench-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// FreeAddr is a free port on loopback.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
