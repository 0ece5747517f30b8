package render

import (
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// checkShape refuses services and routes of one color. An older release may
// have lost the containers of a service: its routes then lead nowhere.
func checkShape(shape release.Shape, older bool) error {
	for _, s := range shape.Services {
		if err := checkService(s, shape.Routed(s.Name)); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, r := range shape.Routes {
		if err := checkRoute(shape, r); err != nil {
			return err
		}
		if _, ok := shape.Service(r.To); !ok && r.Files == "" && !older {
			return fmt.Errorf("route %s leads to %q, which is not a service", r.Path, r.To)
		}
		if strings.Contains(r.Path, "//") || strings.HasPrefix(r.Path, "/.teal/") || seen[r.Path] {
			return fmt.Errorf("route %s can never be met, or is there twice", r.Path)
		}
		seen[r.Path] = true
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
	if routed && (s.Replicas < 1 || s.Replicas > 100) {
		return fmt.Errorf("service %s has a route but %d replicas", s.Name, s.Replicas)
	}
	return nil
}

func checkRoute(shape release.Shape, r release.Route) error {
	if err := match("route", r.Path, pathForm); err != nil {
		return err
	}
	if err := checkOptions(r); err != nil {
		return err
	}
	if r.Files != "" {
		return checkFiles(r)
	}
	if err := match("service", r.To, serviceForm); err != nil {
		return err
	}
	if b := balance(shape, r.To); b != r.Options.Balance {
		return fmt.Errorf("two routes to %s balance it in different ways", r.To)
	}
	return nil
}

// checkFiles: a prefix without its slash would match /static../ as well, and
// step out of the folder.
func checkFiles(r release.Route) error {
	if r.To != "" {
		return fmt.Errorf("route %s leads to files and to a service", r.Path)
	}
	if !strings.HasSuffix(r.Path, "/") {
		return fmt.Errorf("route %s leads to files and doesn't end with a slash", r.Path)
	}
	return match("folder", r.Files, fileForm)
}

// framing headers are nginx's to make: a second one would let what follows be
// read in two ways.
var framing = []string{"Connection", "Content-Length", "Transfer-Encoding", "Trailer", "Upgrade", "X-Teal-Color", GenerationHeader}

func checkOptions(r release.Route) error {
	o := r.Options
	for name, value := range o.Headers {
		if slices.Contains(framing, textproto.CanonicalMIMEHeaderKey(name)) {
			return fmt.Errorf("route %s adds the header %s, which is not its to add", r.Path, name)
		}
		if err := first(match("header", name, headerForm), match("value of header "+name, value, valueForm)); err != nil {
			return err
		}
	}
	for _, d := range []time.Duration{o.ReadTimeout, o.SendTimeout, o.Expires} {
		if d < 0 || d > 100*365*24*time.Hour {
			return fmt.Errorf("route %s has a time of %s", r.Path, d)
		}
	}
	if o.BufferSize < 0 || o.BufferSize > 1<<30 || o.LimitRate < 0 {
		return fmt.Errorf("route %s has a size that cannot be", r.Path)
	}
	if !slices.Contains([]release.Balance{release.RoundRobin, release.LeastConn, release.IPHash}, o.Balance) {
		return fmt.Errorf("route %s: balance %q is not known", r.Path, o.Balance)
	}
	return nil
}
