package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// server is one nginx: where its files are and how it is run.
type server struct {
	program
	kind     release.ProxyKind
	name     string
	main     string   // main configuration file
	args     []string // that make the program use it
	pidFile  string
	errorLog string
	site     string // file, in a folder the main file includes, that includes the app's; "" where none is needed

	accessLogs  [][]string // see render.Input
	colorHeader bool
}

// server finds out about one nginx of the app's chain.
func (r *Router) server(ctx context.Context, app string, p release.Proxy) (server, error) {
	switch p.Kind {
	case release.ProxyStandalone:
		return r.standalone(ctx, p.Bin)
	case release.ProxyHost:
		return r.host(ctx, app, p)
	}
	return server{}, &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("proxy kind %q is not known", p.Kind),
		Next: "use standalone or host",
	}
}

// render makes the app's configuration for this nginx.
func (r *Router) render(s server, app release.App, net release.Network, token string) (render.Output, error) {
	return render.Site(render.Input{
		App: app, Network: net, Kind: s.kind, Root: r.root, Token: token,
		AccessLogs: s.accessLogs, ColorHeader: s.colorHeader,
	})
}

// running is the server's master process. A stale pid file may name another
// nginx's master by now: one that tells its configuration must tell ours.
func (s server) running() (master, bool) {
	m, ok := masterIn(s.pidFile)
	if !ok {
		return 0, false
	}
	told := title(int(m))
	if strings.Contains(told, " -c ") || s.kind == release.ProxyStandalone {
		return m, strings.Contains(told, " -c "+s.main)
	}
	return m, true
}

// test runs nginx -t and returns what it says, which may be warnings, and
// whether the configuration passes.
func (s server) test(ctx context.Context) (says []string, passes bool, err error) {
	out, err := run(ctx, s.path, append(s.args, "-t")...)
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	if says = lines(out); err != nil && len(says) == 0 {
		says = []string{err.Error()}
	}
	return says, err == nil, nil
}

// sound is the error of a configuration that does not pass.
func (s server) sound(ctx context.Context) error {
	says, passes, err := s.test(ctx)
	if err == nil && !passes {
		err = s.broken(says)
	}
	return err
}

// errBroken is a configuration that nginx -t does not pass.
var errBroken = errors.New("nginx -t does not pass")

// broken is the error of a configuration that is not ours to mend.
func (s server) broken(says []string) error {
	return &release.Error{
		Code:   release.Unreachable,
		What:   "the configuration of the " + s.name + " is broken, with nothing new of the app in it",
		Detail: says,
		Next:   "mend it until nginx -t -c " + s.main + " passes, then try again",
		Err:    errBroken,
	}
}

// down is the error of an nginx that doesn't run.
func (s server) down() error {
	e := &release.Error{Code: release.Unreachable, What: "the " + s.name + " is not running"}
	if s.kind == release.ProxyHost {
		e.Detail = []string{"no master process by " + s.pidFile}
		e.Next = "start it: systemctl start nginx"
		return e
	}
	e.Next = "teal proxy up"
	return e
}

// mayChange refuses at once what an ordinary user can't do to the machine's
// nginx: for him nginx -t fails for reasons that are none of the config's.
func (s server) mayChange() error {
	if s.kind != release.ProxyHost || os.Geteuid() == 0 {
		return nil
	}
	return &release.Error{
		Code: release.Unreachable, What: "only root may change the " + s.name,
		Next: "run teal as root, or use proxy: {kind: standalone}",
	}
}
