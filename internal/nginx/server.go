package nginx

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// server is one nginx: where its files are and how it is run.
type server struct {
	program
	proxy    release.Proxy
	place    string // names this nginx among all, as a part of file names
	name     string
	main     string   // main configuration file, as nginx itself sees it
	args     []string // that make the program use it, but for -c and the file
	pidFile  string
	errorLog string
	site     string     // file, in a folder the main file includes, that includes the app's; "" where none is needed
	other    string     // where that file would be if the site were adopted and is not, or the reverse; it must not be there
	guest    string     // the same file as nginx itself sees it
	files    view       // the files that it sees
	box      *container // the container it runs in, nil for a process of this machine

	conf        []directive // what it reads, in the order in which it does
	accessLogs  [][]string  // see render.Input
	headers     [][]string
	colorHeader bool
	loopback    []netip.AddrPort // where sites of this nginx listen on a loopback address of their own
}

// server finds out about one nginx of the app's chain.
func (r *Router) server(ctx context.Context, app release.App, p release.Proxy) (server, error) {
	switch p.Kind {
	case release.ProxyStandalone:
		return r.standalone(ctx, p)
	case release.ProxyHost:
		return r.host(ctx, app, p)
	case release.ProxyContainer:
		return r.container(ctx, app, p)
	}
	return server{}, &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("proxy kind %q is not known", p.Kind),
		Next: "use standalone, host or container",
	}
}

// render makes the app's configuration for this nginx.
func (r *Router) render(s server, app release.App, net release.Network, token string) (render.Output, error) {
	tls, err := r.tls(app, s.proxy)
	if err != nil {
		return render.Output{}, err
	}
	return render.Site(render.Input{
		App: app, Network: net, Place: s.place, Own: s.proxy.Kind == release.ProxyStandalone,
		Version: render.ParseVersion(s.version), Listen: app.ListenOf(s.proxy), TLS: tls,
		Root: r.root, Token: token, Trusted: trusted(app, s.proxy, net), Ask: s.askers(net),
		AccessLogs: s.accessLogs, Headers: s.headers, ColorHeader: s.colorHeader,
		Leads: r.leads(s, app.Name), AuthRequest: s.authRequest, Interim: app.Site.Adopted != nil && !net.Subnet.IsValid(),
	})
}

// askers are the addresses from which teal's questions reach this nginx.
func (s server) askers(net release.Network) []netip.Addr {
	if s.box == nil || s.box.Host || !net.Subnet.IsValid() {
		return nil
	}
	return []netip.Addr{net.Gateway()}
}

// trusted are the proxies in front of this one that it believes: those that
// the site names and, behind another of the chain, that other one.
func trusted(app release.App, p release.Proxy, net release.Network) []netip.Prefix {
	list := append([]netip.Prefix(nil), app.Site.TrustedProxies...)
	for _, outer := range app.Proxies {
		if same(outer, p) {
			break
		}
		list = append(list, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
		if p.Kind == release.ProxyContainer && net.Subnet.IsValid() {
			list = append(list, netip.PrefixFrom(net.Gateway(), 32))
		}
		if outer.Kind == release.ProxyContainer && net.Subnet.IsValid() {
			list = append(list, net.DockerRange())
		}
	}
	return list
}

// same reports whether two are one proxy of a chain.
func same(a, b release.Proxy) bool {
	return a.Kind == b.Kind && a.Config == b.Config && a.Service == b.Service && a.Container == b.Container
}

// running is the server's master process. A stale pid file may name another
// nginx's master by now: one that tells its configuration must tell ours.
func (s server) running() (master, bool) {
	if s.box != nil {
		return s.box.master, s.box.master != 0 && s.box.master.alive()
	}
	m, ok := masterIn(s.pidFile)
	if !ok && s.proxy.Kind == release.ProxyStandalone {
		return s.astray()
	}
	if !ok {
		return 0, false
	}
	told := title(int(m))
	if strings.Contains(told, " -c ") || s.proxy.Kind == release.ProxyStandalone {
		return m, strings.Contains(told, " -c "+s.main)
	}
	return m, true
}

// astray looks for teal's own nginx among all processes: it runs on when its
// pid file is removed with the rest of the state root. One in a container may
// be told the same path, which there is another file.
func (s server) astray() (master, bool) {
	for _, pid := range processes() {
		words := strings.Fields(strings.TrimPrefix(title(pid), titleMaster))
		at := slices.Index(words, "-c")
		if !master(pid).alive() || at < 0 || at+1 >= len(words) || words[at+1] != s.main {
			continue
		}
		ours, err1 := os.Readlink("/proc/self/ns/mnt")
		its, err2 := os.Readlink(procPath(pid, "ns/mnt"))
		if err1 == nil && err2 == nil && ours == its {
			return master(pid), true
		}
	}
	return 0, false
}

// run runs the nginx program with the main configuration file.
func (s server) run(ctx context.Context, main string, more ...string) ([]byte, error) {
	args := append([]string{"-c", main}, s.args...)
	if s.box != nil {
		return s.box.run(ctx, s.path, append(args, more...)...)
	}
	return run(ctx, s.path, append(args, more...)...)
}

// test runs nginx -t and returns what it says, which may be warnings, and
// whether the configuration passes.
func (s server) test(ctx context.Context) (says []string, passes bool, err error) {
	return s.testWith(ctx, s.main)
}

func (s server) testWith(ctx context.Context, main string) (says []string, passes bool, err error) {
	out, err := s.run(ctx, main, "-t")
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	return s.outcome(out, err)
}

// outcome is what a run of nginx -t says of the configuration.
func (s server) outcome(out []byte, err error) (says []string, passes bool, _ error) {
	if errors.Is(err, errSlow) {
		return nil, false, s.slow(err)
	}
	if says = lines(out); err != nil && len(says) == 0 {
		says = []string{err.Error()}
	}
	return says, err == nil, nil
}

// slow is the error of a test that did not end: nothing is known about the
// configuration.
func (s server) slow(err error) error {
	return &release.Error{
		Code: release.Unreachable, What: "the " + s.name + " does not get its configuration tested in time",
		Detail: []string{err.Error()}, Next: "see how busy the machine is, and how long " + s.command("-t") + " takes; then try again", Err: err,
	}
}

// sound is the error of a configuration that does not pass.
func (s server) sound(ctx context.Context) error {
	says, passes, err := s.test(ctx)
	if err == nil && !passes {
		err = s.broken(says)
	}
	return err
}

// hangup tells the master to read its files again. To a container's master a
// person who isn't root on this machine may not speak; nginx itself may.
func (s server) hangup(ctx context.Context, m master) error {
	err := m.signal(syscall.SIGHUP)
	if s.box != nil && errors.Is(err, syscall.EPERM) {
		_, err = s.run(ctx, s.main, "-s", "reload")
	}
	if err != nil {
		return fmt.Errorf("reload the %s: %w", s.name, err)
	}
	return nil
}

// errBroken is a configuration that nginx -t does not pass.
var errBroken = errors.New("nginx -t does not pass")

// broken is the error of a configuration that is not ours to mend.
func (s server) broken(says []string) error {
	return &release.Error{
		Code:   release.Unreachable,
		What:   "the configuration of the " + s.name + " is broken, with nothing new of the app in it",
		Detail: says,
		Next:   "mend it until " + s.command("-t") + " passes, then try again",
		Err:    errBroken,
	}
}

// command is how a person would run this nginx.
func (s server) command(arg string) string {
	if s.box != nil {
		return "docker exec " + s.box.Name + " nginx " + arg
	}
	return "nginx " + arg + " -c " + s.main
}

// down is the error of an nginx that doesn't run.
func (s server) down() error {
	e := &release.Error{Code: release.Unreachable, What: s.name + " does not run"}
	switch {
	case s.box != nil:
		e.Detail, e.Next = s.box.absent(s.proxy)
	case s.proxy.Kind == release.ProxyHost:
		e.Detail = []string{"no master process by " + s.pidFile}
		e.Next = "start it: systemctl start nginx"
	default:
		e.Next = "teal proxy up"
	}
	return e
}

// mayChange refuses at once what an ordinary user can't do to the machine's
// nginx: for him nginx -t fails for reasons that are none of the config's.
func (s server) mayChange() error {
	if s.proxy.Kind == release.ProxyStandalone || os.Geteuid() == 0 {
		return nil
	}
	return &release.Error{
		Code: release.Unreachable, What: "only root may change the " + s.name,
		Next: "run teal as root, or use proxy: {kind: standalone}",
	}
}

// log is where a person finds what this nginx says.
func (s server) log() string {
	if s.box != nil {
		return "docker logs " + s.box.Name
	}
	return s.errorLog
}
