package render

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

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
	placeForm   = regexp.MustCompile(`^[a-z]+(\.[a-zA-Z0-9._-]+)?$`)
	sumForm     = regexp.MustCompile(`^[a-z0-9]{1,64}$`)
	logForm     = regexp.MustCompile(`^[a-zA-Z0-9._/+:=,$-]+$`)
	headerForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

	// What stands in double quotes: a header's value, in which only a quote, a
	// backslash and a variable would mean something to nginx.
	valueForm = regexp.MustCompile(`^[ !#%-\[\]-~]+$`)
	// The machine's own, which may have variables in it.
	quotedForm = regexp.MustCompile(`^[ !#-\[\]-~]*$`)
)

// check refuses a value that could mean something to nginx.
func check(in Input) error {
	if err := first(
		match("app", in.App.Name, appForm),
		match("state root", in.Root, fileForm),
		match("control token", in.Token, tokenForm),
		match("proxy", in.Place, placeForm),
		checkListen(in),
		checkTLS(in.TLS),
		checkSite(in.App.Site),
		checkInherited(in),
		checkAdopted(in),
	); err != nil {
		return err
	}
	for _, c := range release.Colors {
		_, older := in.App.Shapes[c]
		if err := checkShape(in.App.ShapeIn(c), older); err != nil {
			return err
		}
	}
	return nil
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

func checkListen(in Input) error {
	all := slices.Clone(in.Listen)
	if in.TLS != nil {
		if len(in.TLS.Listen) == 0 {
			return fmt.Errorf("the site has TLS and listens nowhere for it")
		}
		all = append(all, in.TLS.Listen...)
	}
	if len(all) == 0 {
		return fmt.Errorf("the site listens nowhere")
	}
	seen := map[netip.AddrPort]bool{}
	for _, l := range all {
		at, err := Address(l)
		if err != nil {
			return err
		}
		if seen[at] {
			return fmt.Errorf("the site listens twice on %s", l)
		}
		seen[at] = true
	}
	return checkNetworks(in)
}

func checkNetworks(in Input) error {
	for _, p := range in.Trusted {
		if !p.IsValid() || p.Addr().Zone() != "" {
			return fmt.Errorf("trusted proxy %s is not a network", p)
		}
	}
	for _, a := range in.Ask {
		if !a.IsValid() || a.Zone() != "" {
			return fmt.Errorf("%s is not an address", a)
		}
	}
	return nil
}

func checkTLS(t *TLS) error {
	if t == nil {
		return nil
	}
	if !slices.Contains([]int{0, 301, 308}, t.Redirect) {
		return fmt.Errorf("a redirect has status 301 or 308, not %d", t.Redirect)
	}
	err := first(
		match("certificate", t.Cert, fileForm),
		match("certificate's key", t.Key, fileForm),
		match("certificate's sum", t.Sum, sumForm),
	)
	if err == nil && t.ACME != "" {
		err = match("ACME folder", t.ACME, fileForm)
	}
	return err
}

// ownStatuses are those by which our locations jump to each other.
var ownStatuses = []int{418, 419, 420, 427}

func checkSite(s release.Site) error {
	for _, h := range s.Hosts {
		if err := match("host", h, hostForm); err != nil {
			return err
		}
	}
	for status, file := range s.ErrorPages {
		if status < 400 || status > 599 || status == 499 || slices.Contains(ownStatuses, status) {
			return fmt.Errorf("status %d can have no error page", status)
		}
		if err := match("error page", file, fileForm); err != nil {
			return err
		}
	}
	if !slices.Contains([]string{"", "combined", "json"}, s.AccessLog.Format) {
		return fmt.Errorf("access log format %q is not known", s.AccessLog.Format)
	}
	if s.AccessLog.Path == "" {
		return nil
	}
	return match("access log", s.AccessLog.Path, fileForm)
}

func checkInherited(in Input) error {
	for _, l := range in.AccessLogs {
		for _, arg := range l {
			if err := match("access_log argument", arg, logForm); err != nil {
				return err
			}
		}
	}
	for _, h := range in.Headers {
		for _, arg := range h {
			if err := match("add_header argument of the http block", arg, quotedForm); err != nil {
				return err
			}
		}
	}
	return nil
}
