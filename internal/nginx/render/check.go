package render

import (
	"fmt"
	"regexp"
	"strings"

	"teal/internal/release"
)

// The alphabets, on purpose written down a second time beside those of the
// configuration: a value that gets past one of the two must still be stopped
// by the other. Go's $ matches at the very end only.
var (
	appForm     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	serviceForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*$`)
	hostForm    = regexp.MustCompile(`^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*\.?$`)
	pathForm    = regexp.MustCompile(`^/[a-zA-Z0-9._~/-]*$`)
	fileForm    = regexp.MustCompile(`^/[a-zA-Z0-9._/+-]+$`)
	tokenForm   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	logForm     = regexp.MustCompile(`^[a-zA-Z0-9._/+:=,$-]+$`)
)

// check refuses a value that could mean something to nginx.
func check(in Input) error {
	if err := first(
		match("app", in.App.Name, appForm),
		match("state root", in.Root, fileForm),
		match("control token", in.Token, tokenForm),
		checkKind(in.Kind),
		checkSite(in.App.Site),
		checkLogs(in.AccessLogs),
	); err != nil {
		return err
	}
	for _, s := range in.App.Services {
		if err := checkService(s, in.App.Routed(s.Name)); err != nil {
			return err
		}
	}
	return checkRoutes(in.App)
}

func match(what, value string, form *regexp.Regexp) error {
	if form.MatchString(value) {
		return nil
	}
	return fmt.Errorf("%s %q has characters that are not allowed", what, value)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkKind(k release.ProxyKind) error {
	if k == release.ProxyStandalone || k == release.ProxyHost {
		return nil
	}
	return fmt.Errorf("proxy kind %q is not known", k)
}

func checkSite(s release.Site) error {
	for _, h := range s.Hosts {
		if err := match("host", h, hostForm); err != nil {
			return err
		}
	}
	if len(s.Listen) == 0 {
		return fmt.Errorf("the site listens nowhere")
	}
	for _, l := range s.Listen {
		if _, err := Address(l); err != nil {
			return err
		}
	}
	return nil
}

func checkLogs(logs [][]string) error {
	for _, l := range logs {
		for _, arg := range l {
			if err := match("access_log argument", arg, logForm); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkService(s release.Service, routed bool) error {
	if err := match("service", s.Name, serviceForm); err != nil {
		return err
	}
	if routed && (s.Port < 1 || s.Port > 65535) {
		return fmt.Errorf("service %s has a route but no port", s.Name)
	}
	if routed && s.Replicas < 1 {
		return fmt.Errorf("service %s has a route but no replica", s.Name)
	}
	return nil
}

func checkRoutes(app release.App) error {
	seen := map[string]bool{}
	for _, r := range app.Routes {
		if err := match("route", r.Path, pathForm); err != nil {
			return err
		}
		if _, ok := app.Service(r.To); !ok {
			return fmt.Errorf("route %s leads to %q, which is not a service", r.Path, r.To)
		}
		if strings.Contains(r.Path, "//") || seen[r.Path] {
			return fmt.Errorf("route %s can never be met, or is there twice", r.Path)
		}
		seen[r.Path] = true
	}
	return nil
}
