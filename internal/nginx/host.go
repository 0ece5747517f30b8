package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// sitePrefix makes our files the last of their folder, so that we never
// become the default server of a port by coming first.
const sitePrefix = "zz-teal-"

// adoptedPrefix makes those of adopted sites the first: they have no server,
// and what they define must be known before the server blocks that use it.
const adoptedPrefix = "0-teal-"

func siteName(app string, adopted bool) string {
	if adopted {
		return adoptedPrefix + app + ".conf"
	}
	return sitePrefix + app + ".conf"
}

// host is the machine's nginx, beside other people's sites. What it is like
// is read from its configuration files, not from nginx -T: they must be
// understood also when the configuration is broken.
func (r *Router) host(ctx context.Context, app release.App, p release.Proxy) (server, error) {
	b, err := r.program(ctx, p.Bin)
	if err != nil {
		return server{}, err
	}
	s := server{program: b, proxy: p, place: p.Place(app.Name), name: p.Name(), main: p.Main()}
	conf, err := readConf(s.main)
	if errors.Is(err, fs.ErrNotExist) {
		return server{}, noHost(s.main)
	}
	if err != nil {
		return server{}, fmt.Errorf("read nginx's configuration: %w", err)
	}
	s.pidFile = one(b, conf, "pid", b.pid)
	s.learn(conf)
	s.site, err = s.siteFile(conf, app)
	s.other = otherSite(s.site, app)
	s.guest = s.site
	return s, err
}

// learn finds what our server would inherit, and would lose.
func (s *server) learn(conf []directive) {
	s.conf = conf
	s.errorLog = one(s.program, conf, "error_log", s.program.errorLog)
	s.accessLogs = inheritedLogs(s.program, conf)
	for _, h := range within(conf, "http", "add_header") {
		s.headers = append(s.headers, h.args)
	}
	s.colorHeader = len(s.headers) == 0
	s.loopback = loopbacks(conf)
}

// loopbacks are the loopback addresses that sites listen on. What is asked of
// one of these such a site answers, and not one that listens on all addresses.
func loopbacks(conf []directive) []netip.AddrPort {
	var list []netip.AddrPort
	for _, http := range all(conf, "http") {
		for _, listen := range within(http.block, "server", "listen") {
			if len(listen.args) == 0 {
				continue
			}
			if at, err := render.Address(listen.args[0]); err == nil && at.Addr().IsLoopback() {
				list = append(list, at)
			}
		}
	}
	return list
}

func noHost(main string) error {
	return &release.Error{
		Code: release.Unreachable,
		What: "nginx has no configuration at " + main,
		Next: "install nginx on this machine, name its main file in proxy.config, or use proxy: {kind: standalone}",
	}
}

// one is the path that a directive of the main block gives, or the built-in.
func one(b program, conf []directive, name, usual string) string {
	if found := all(conf, name); len(found) > 0 && len(found[0].args) > 0 {
		return under(b.prefix, found[0].args[0])
	}
	return usual
}

// inheritedLogs are the access logs that a server has which names none.
func inheritedLogs(b program, conf []directive) [][]string {
	var logs [][]string
	for _, d := range within(conf, "http", "access_log") {
		if len(d.args) == 0 {
			continue
		}
		if d.args[0] == "off" {
			return nil
		}
		logs = append(logs, append([]string{under(b.prefix, d.args[0])}, d.args[1:]...))
	}
	if len(logs) == 0 && !strings.HasPrefix(b.httpLog, "/dev/null") {
		return [][]string{{b.httpLog, "combined"}}
	}
	return logs
}

// siteFile is where the file goes that brings the app into this nginx, as it
// sees it. It must match an include of the http block, else nginx would never
// read it.
func (s server) siteFile(conf []directive, app release.App) (string, error) {
	adopted := app.Site.Adopted != nil
	name := siteName(app.Name, adopted)
	patterns := includes(s.main, conf)
	tries := []string{"sites-enabled", "conf.d"}
	if adopted { // Debian includes it before
		slices.Reverse(tries)
	}
	if s.proxy.Sites != "" {
		tries = []string{s.proxy.Sites}
	}
	for _, try := range tries {
		path := filepath.Join(under(filepath.Dir(s.main), try), name)
		for _, pattern := range patterns {
			if ok, _ := filepath.Match(pattern, path); ok && s.files.isFolder(filepath.Dir(path)) {
				return path, nil
			}
		}
	}
	return "", &release.Error{
		Code:   release.Invalid,
		What:   fmt.Sprintf("%s of the %s includes no %s of %s", s.main, s.name, name, strings.Join(tries, " or ")),
		Detail: append([]string{"its http block includes:"}, patterns...),
		Next:   "name in proxy.sites a folder whose *.conf files the http block includes",
	}
}

// otherSite is the file that the app has where the other kind of site: an app
// that is adopted, or no longer, must not be there twice.
func otherSite(site string, app release.App) string {
	if site == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(site), siteName(app.Name, app.Site.Adopted == nil))
}

// includes are the absolute patterns that the http block includes.
func includes(main string, conf []directive) []string {
	var list []string
	for _, d := range within(conf, "http", "include") {
		if len(d.args) == 1 {
			list = append(list, under(filepath.Dir(main), d.args[0]))
		}
	}
	return list
}
