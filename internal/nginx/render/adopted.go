package render

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"teal/internal/release"
)

// adoptedView is what the files of an adopted site print beside what all have.
type adoptedView struct {
	view
	Asked       []string // comments that ParseAsked reads
	Nothing     string   // an upstream that never answers
	Services    []choice
	Served      bool // a release may live
	AuthRequest bool
	Leads       bool // requests are led through a location that closes their connection
}

// choice is the upstreams among which the requests for a service are sent.
type choice struct{ Variable, Before, Blue, Green string }

// adopted renders the files of a site whose server blocks are somebody's own.
func adopted(in Input, v view) (Output, error) {
	a := adoptedView{view: v, Nothing: "teal_" + in.App.Name + "_nothing", Served: !in.Interim, AuthRequest: in.AuthRequest}
	a.Upstreams = slices.DeleteFunc(v.Upstreams, func(u upstream) bool { return u.Streams })
	a.Services = a.choices(in)
	a.Leads = in.Leads && !v.Keeps
	a.Asked = Asked{Plain: in.Listen, Secure: secureOf(in), Hosts: in.App.Site.Hosts, Keeps: v.Keeps, Leads: a.Leads}.lines()
	text, err := printed("adopted.tmpl", a)
	if err != nil {
		return Output{}, err
	}
	server, err := printed("include", a)
	if err != nil {
		return Output{}, err
	}
	a.Leads = false
	beside, err := printed("include", a)
	if err != nil {
		return Output{}, err
	}
	return Output{Text: text, Server: server, Beside: beside}.named(), nil
}

func secureOf(in Input) []string {
	if in.TLS == nil {
		return nil
	}
	return in.TLS.Listen
}

// choices are those of all services that a color routes to. A color that
// hasn't the service has nothing to answer for it.
func (a adoptedView) choices(in Input) []choice {
	var list []choice
	for _, name := range routed(in.App) {
		c := choice{Variable: "$" + release.Variable(in.App.Name, name), Before: a.Nothing, Blue: a.Nothing, Green: a.Nothing}
		if before := in.App.Site.Adopted.Before[name]; before != "" {
			c.Before = before
		}
		for color, to := range map[release.Color]*string{release.Blue: &c.Blue, release.Green: &c.Green} {
			if svc, ok := in.App.ShapeIn(color).Service(name); ok && in.App.ShapeIn(color).Routed(name) {
				*to = passedTo(in, a.ID, svc, color)
			}
		}
		list = append(list, c)
	}
	return list
}

// Asked is where an adopted site answers, as it is written down in the file for
// the http block: there is no server in it to tell.
type Asked struct {
	Plain, Secure []string // addresses
	Hosts         []string
	Keeps         bool // exiting workers leave its idle connections open
	Leads         bool // its connections can be closed in the open
}

// The words that the comments begin with.
const (
	askedAt   = "Asked at "
	askedTLS  = "Asked over TLS at "
	askedAs   = "Asked as "
	askedSays = "Before a reload: "
)

func (a Asked) lines() []string {
	var list []string
	for _, l := range a.Plain {
		list = append(list, askedAt+l)
	}
	for _, l := range a.Secure {
		list = append(list, askedTLS+l)
	}
	if len(a.Hosts) > 0 {
		list = append(list, askedAs+strings.Join(a.Hosts, " "))
	}
	switch {
	case a.Keeps:
		list = append(list, askedSays+"kept")
	case a.Leads:
		list = append(list, askedSays+"closed")
	}
	return list
}

var (
	adoptedForm    = regexp.MustCompile(`(?m)^# Adopted: `)
	generationForm = regexp.MustCompile(`(?m)^# Generation ([0-9a-f]{12})\.$`)
)

// ParseAsked reads the file for the http block; ok where it is an adopted
// site's.
func ParseAsked(text string) (a Asked, generation string, ok bool) {
	if !adoptedForm.MatchString(text) {
		return Asked{}, "", false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "# "))
		if at, is := strings.CutPrefix(line, askedAt); is {
			a.Plain = append(a.Plain, at)
		} else if at, is := strings.CutPrefix(line, askedTLS); is {
			a.Secure = append(a.Secure, at)
		} else if hosts, is := strings.CutPrefix(line, askedAs); is {
			a.Hosts = strings.Fields(hosts)
		} else if says, is := strings.CutPrefix(line, askedSays); is {
			a.Keeps, a.Leads = says == "kept", says == "closed"
		}
	}
	if m := generationForm.FindStringSubmatch(text); m != nil {
		generation = m[1]
	}
	return a, generation, true
}

// ClosingFlagOf is ClosingFlag for the requests of one adopted app alone. No
// place has a plus sign in it.
func ClosingFlagOf(root, place, app string) string { return ClosingFlag(root, place) + "+" + app }

var upstreamForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// checkAdopted refuses what served before where it is neither an upstream's
// name nor an address, and two services with one variable.
func checkAdopted(in Input) error {
	a := in.App.Site.Adopted
	if a == nil {
		return nil
	}
	if in.Own {
		return fmt.Errorf("no site is adopted in teal's own nginx")
	}
	for service, before := range a.Before {
		if at, err := netip.ParseAddrPort(before); err == nil && at.Addr().Zone() == "" && at.Port() != 0 {
			continue
		}
		if err := match("what served "+service+" before", before, upstreamForm); err != nil {
			return err
		}
	}
	seen := map[string]string{}
	for _, name := range routed(in.App) {
		v := release.Variable(in.App.Name, name)
		if other, twice := seen[v]; twice {
			return fmt.Errorf("services %s and %s have one variable", other, name)
		}
		seen[v] = name
	}
	return nil
}
