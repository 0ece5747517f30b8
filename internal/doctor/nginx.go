package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

func (c Case) nginx() []release.Finding {
	var found []release.Finding
	for _, p := range c.Proxies {
		if p.Err != nil {
			found = append(found, fault(p.Name()+": ", p.Err))
			continue
		}
		found = append(found, p.version(), p.running())
		found = append(found, p.config()...)
		found = append(found, c.modules(p)...)
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
	// What the files of an adopted site say beyond these.
	ofAdopted = []string{"http_auth_basic_module", "http_limit_req_module", "http_limit_conn_module"}
)

// modules looks at how the nginx was built. One that can't tell, being in a
// container that doesn't run, was found not to run.
func (c Case) modules(p Proxy) []release.Finding {
	switch {
	case p.BuiltErr != nil:
		return []release.Finding{fault(p.Name()+": ", p.BuiltErr)}
	case len(p.Built) == 0:
		return nil
	}
	site := release.Site{}
	if c.App != nil {
		site = c.App.Site
	}
	found := lacking(p.Name(), p.Built, site)
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
	needed := basic
	if site.Adopted != nil {
		needed = append(slices.Clone(basic), ofAdopted...)
	}
	for _, m := range needed {
		if slices.Contains(options, "--without-"+m) {
			found = append(found, fail(release.Unreachable, name+" was built without "+m+", which teal needs", "install an nginx that has it"))
		}
	}
	return found
}
