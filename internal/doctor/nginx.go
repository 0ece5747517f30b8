package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"teal/internal/release"
)

func (c Case) nginx(ctx context.Context) []release.Finding {
	var found []release.Finding
	for _, p := range c.Proxies {
		if p.Err != nil {
			found = append(found, fault(p.Name()+": ", p.Err))
			continue
		}
		found = append(found, p.version(), p.running())
		found = append(found, p.config()...)
		if p.Kind != release.ProxyContainer {
			found = append(found, c.modules(ctx, p)...)
		}
	}
	return found
}

// oldestNginx is the oldest version whose series still was in a supported
// distribution when teal was made; teal is tested with 1.22.
const oldestNginx = 18

var versionForm = regexp.MustCompile(`^1\.([0-9]+)\.`)

func (p Proxy) version() release.Finding {
	m := versionForm.FindStringSubmatch(p.State.Version)
	if m == nil {
		return ok("%s has version %s", p.Name(), p.State.Version)
	}
	if minor, err := strconv.Atoi(m[1]); err == nil && minor < oldestNginx {
		return warn(fmt.Sprintf("%s has version %s, which teal was never tried with", p.Name(), p.State.Version), "update nginx to 1.18 or newer")
	}
	return ok("%s has version %s", p.Name(), p.State.Version)
}

func (p Proxy) running() release.Finding {
	switch {
	case p.State.Running && p.State.PID > 0:
		return ok("%s runs: pid %d", p.Name(), p.State.PID)
	case p.State.Running:
		return ok("%s runs", p.Name())
	case p.Kind == release.ProxyStandalone:
		return ok("%s does not run yet: a deploy starts it", p.Name())
	case p.Kind == release.ProxyContainer:
		return warn(p.Name()+" does not run", "start its container; a deploy starts one that is a shared service")
	}
	return fail(release.Unreachable, p.Name()+" does not run", "systemctl start nginx")
}

func (p Proxy) config() []release.Finding {
	if p.State.Broken == "" && !p.State.Running {
		return nil // there may be no config yet
	}
	if p.State.Broken == "" {
		return []release.Finding{ok("%s's config passes its test", p.Name())}
	}
	first, _, _ := strings.Cut(p.State.Broken, "\n")
	return []release.Finding{fail(release.Unreachable, p.Name()+"'s config does not pass its test, so it can't be reloaded: "+first, "correct it, then nginx -t")}
}

// module is a part of nginx that may be left out when it is built.
type module struct {
	name   string
	needed func(release.Site) bool
}

// optional modules are built in by --with, the basic ones left out by
// --without (nginx's auto/options).
var (
	optional = []module{
		{"http_ssl_module", func(s release.Site) bool { return s.TLS != nil }},
		{"http_v2_module", func(s release.Site) bool { return s.TLS != nil && s.TLS.HTTP2 }},
		{"http_realip_module", func(s release.Site) bool { return len(s.TrustedProxies) > 0 }},
	}
	basic = []string{
		"http_proxy_module", "http_split_clients_module", "http_map_module", "http_rewrite_module", "http_upstream_keepalive_module", "http_access_module",
	}
)

func (c Case) modules(ctx context.Context, p Proxy) []release.Finding {
	options, err := buildOptions(ctx, p.Bin)
	if err != nil {
		return []release.Finding{fault(p.Name()+": ", err)}
	}
	site := release.Site{}
	if c.App != nil {
		site = c.App.Site
	}
	found := lacking(p.Name(), options, site)
	if len(found) == 0 {
		return []release.Finding{ok("%s has every module needed", p.Name())}
	}
	return found
}

func lacking(name string, options []string, site release.Site) []release.Finding {
	var found []release.Finding
	for _, m := range optional {
		if slices.Contains(options, "--with-"+m.name) {
			continue
		}
		what, fix := name+" was built without "+m.name, "install an nginx that has it (Debian, Ubuntu: apt-get install nginx)"
		if m.needed(site) {
			found = append(found, fail(release.Unreachable, what+", which this site needs", fix))
		} else {
			found = append(found, warn(what, fix))
		}
	}
	for _, m := range basic {
		if slices.Contains(options, "--without-"+m) {
			found = append(found, fail(release.Unreachable, name+" was built without "+m+", which teal needs", "install an nginx that has it"))
		}
	}
	return found
}

// answerWithin bounds one run of nginx -V.
const answerWithin = 10 * time.Second

// buildOptions are the words after "configure arguments:" of nginx -V.
func buildOptions(ctx context.Context, bin string) ([]string, error) {
	path, err := program(bin)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-V").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("run %s -V: %w", path, err)
	}
	_, options, _ := strings.Cut(string(out), "configure arguments:")
	return strings.Fields(options), nil
}

// program finds nginx as a deploy does: ordinary users often don't have it in
// PATH.
func program(bin string) (path string, err error) {
	tries := []string{bin}
	if bin == "" {
		tries = []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"}
	}
	for _, try := range tries {
		if path, err = exec.LookPath(try); err == nil {
			return path, nil
		}
	}
	return "", &release.Error{
		Code: release.Unreachable, What: "nginx is not installed: looked for " + strings.Join(tries, ", "),
		Next: "install it (Debian, Ubuntu: apt-get install nginx), or name the program in proxy.bin", Err: err,
	}
}
