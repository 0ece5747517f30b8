package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"teal/bench/machine"
	"teal/bench/pinned"
	"teal/bench/stage"
	"teal/internal/release"
)

// stand is what all proxies of a part have in common: both colors of the
// application, a certificate, a folder.
type stand struct {
	root  string
	net   release.Network
	port  uint16
	cores cores
	app   *proc
	peers []*peer
}

// cores says which processors a part's programs have.
type cores struct{ proxy, load int }

// shared leaves them to the system, as the programs are used.
var shared = cores{anyCore, anyCore}

// apart gives the proxy one to itself, to measure its cost.
func apart() (c cores, err error) {
	c.proxy, c.load, err = pinned.Cores()
	return c, err
}

// alone reports whether a proxy has one processor, and so one worker.
func (s *stand) alone() bool { return s.cores.proxy != anyCore }

// appText is the application: an nginx of its own that answers its color's
// name, at the addresses that teal gives to the colors.
const appText = `    keepalive_requests 100000000;
    keepalive_timeout 300s;
    server { listen %s; location / { return 200 "blue"; } }
    server { listen %s; location / { return 200 "green"; } }
}
`

// newStand starts the application and the proxies, and looks that each of them
// really passes on to it.
func newStand(ctx context.Context, c cores, makers ...maker) (*stand, error) {
	s := &stand{cores: c}
	err := s.open(ctx)
	for _, m := range makers {
		if err == nil {
			err = s.add(ctx, m)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *stand) open(ctx context.Context) (err error) {
	if s.root, err = stage.PublicFolder(); err != nil {
		return err
	}
	if s.net, err = stage.Subnet(89); err != nil {
		return err
	}
	if s.port, err = s.freePort(); err != nil {
		return err
	}
	dir, err := s.folder("app")
	if err != nil {
		return err
	}
	s.app, err = startNginx(ctx, s.cores.load, dir, headText(dir, "1")+fmt.Sprintf(appText, s.at(release.Blue), s.at(release.Green)))
	if err != nil {
		return err
	}
	return errors.Join(answered(ctx, "http://"+s.at(release.Blue), "blue"), answered(ctx, "http://"+s.at(release.Green), "green"))
}

// at is where a color answers.
func (s *stand) at(c release.Color) string {
	return fmt.Sprintf("%s:%d", s.net.Addr(stage.Slot(c)), s.port)
}

func (s *stand) freePort() (uint16, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(s.net.Addr(stage.Slot(release.Blue)).String(), "0"))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port(), nil
}

func (s *stand) folder(name string) (string, error) {
	dir := filepath.Join(s.root, name)
	return dir, os.Mkdir(dir, 0o755)
}

// cert and key are the site's, made by teal, which comes first.
func (s *stand) cert() string { return filepath.Join(s.root, "site.pem") }
func (s *stand) key() string  { return filepath.Join(s.root, "site.key") }

// add starts a proxy, with the maker's color live.
func (s *stand) add(ctx context.Context, m maker) error {
	p := &peer{name: m.name, live: m.live}
	s.peers = append(s.peers, p) // what it has started by then is stopped also if the rest fails
	var err error
	if p.plain, err = stage.FreeAddr(); err == nil {
		p.secure, err = stage.FreeAddr()
	}
	if err == nil {
		err = m.up(ctx, s, p)
	}
	if err == nil {
		err = answered(ctx, "http://"+p.plain, string(m.live))
	}
	if err == nil && m.secure {
		err = answered(ctx, "https://"+p.secure, string(m.live))
	}
	if err != nil {
		return fmt.Errorf("start %s: %w\n%s", m.name, err, p.said())
	}
	return nil
}

func (s *stand) close(ctx context.Context) error {
	var errs []error
	for _, p := range s.peers {
		errs = append(errs, p.close(ctx))
	}
	if s.app != nil {
		errs = append(errs, s.app.stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.root))...)
}

// answerWithin is how long a program may take to answer once it is started.
const answerWithin = 10 * time.Second

// answered waits until the application's name comes back, and nothing else: a
// proxy that answers 200 by itself passes nothing on.
func answered(ctx context.Context, url, want string) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	client := &http.Client{Transport: untrusting()}
	for {
		got, err := ask(ctx, client, url)
		if err == nil && got == want {
			return nil
		}
		if !machine.Pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("%s answers %q, not %q: %w", url, got, want, errors.Join(err, ctx.Err()))
		}
	}
}

func ask(ctx context.Context, client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}
