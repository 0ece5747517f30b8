package nginx

import (
	"context"
	"fmt"
	"os"
	osuser "os/user"
	"path/filepath"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// standalone is teal's own nginx.
func (r *Router) standalone(ctx context.Context, p release.Proxy) (server, error) {
	b, err := r.program(ctx, p.Bin)
	if err != nil {
		return server{}, err
	}
	// There is one at most, so it has one name, whatever it is labelled.
	own := release.Proxy{Kind: release.ProxyStandalone, Listen: p.Listen}
	return server{
		program: b, proxy: own, place: own.Place(""), name: own.Name(),
		// run puts the configuration first: nginx shows its arguments in its
		// title, for which there may be room for little more.
		main: filepath.Join(r.proxy(), "nginx.conf"), args: []string{"-p", r.proxy() + "/"},
		pidFile:  filepath.Join(r.proxy(), "nginx.pid"),
		errorLog: filepath.Join(r.proxy(), "logs", "error.log"),
		// Nothing of ours stands in the http block, so there is nothing that
		// a header in the app's server could switch off.
		colorHeader: true,
	}, nil
}

// lay makes the folders and the main configuration of teal's own nginx.
func (r *Router) lay() error {
	for _, dir := range []string{"proxy", "proxy/logs", "proxy/temp", "apps", "live", "flags", "tables"} {
		if err := folder(filepath.Join(r.root, dir)); err != nil {
			return fmt.Errorf("make nginx's folders: %w", err)
		}
	}
	text, err := render.Main(r.root, workerUser())
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(r.proxy(), "nginx.conf"), text, 0o644); err != nil {
		return fmt.Errorf("write nginx's main configuration: %w", err)
	}
	return nil
}

// mainstay makes the main configuration of a running nginx of teal's own anew
// where it was removed: no reload would work without.
func (r *Router) mainstay(s server) error {
	if s.proxy.Kind != release.ProxyStandalone || remains(s.main) {
		return nil
	}
	return r.lay()
}

// workerUser is whom nginx's workers run as: "" leaves them who we are, which
// is all an ordinary user can do.
func workerUser() string {
	if os.Geteuid() != 0 {
		return ""
	}
	for _, name := range []string{"www-data", "nginx", "nobody"} {
		if _, err := osuser.Lookup(name); err == nil {
			return name
		}
	}
	return ""
}
