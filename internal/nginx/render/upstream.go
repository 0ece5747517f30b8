package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"teal/internal/release"
)

// upstream is the servers that one color's requests for a service go to.
type upstream struct {
	Name    string
	Lines   []string // its directives but for those of connections
	Streams bool
}

// pick chooses the upstream of a replica by the client's address.
type pick struct {
	Variable string
	Parts    []part
}

type part struct {
	Share string // "33.3%", "*" for the rest
	Value string
}

// upstreams makes, of each service that the release in a color routes to, one
// for requests and one for streams.
func upstreams(in Input, id string) ([]upstream, []pick, error) {
	var all []upstream
	var picks []pick
	if in.Interim {
		return nil, nil, nil
	}
	for _, name := range routed(in.App) {
		for _, c := range release.Colors {
			shape := in.App.ShapeIn(c)
			svc, ok := shape.Service(name)
			if !ok || !shape.Routed(name) {
				continue
			}
			p, err := newPool(in, svc, c)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, p.upstreams()...)
			if p.picks() {
				picks = append(picks, pick{pickVariable(id, in.App, svc.Name, c), shares(len(p.own))})
			}
		}
	}
	return all, picks, nil
}

// routed are the names of all services that a color routes to.
func routed(app release.App) []string {
	var names []string
	for _, c := range release.Colors {
		shape := app.ShapeIn(c)
		for _, s := range shape.Services {
			if shape.Routed(s.Name) && !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// pool is the replicas of a service in one color, and those of the other that
// stand behind them.
type pool struct {
	name       string
	balance    release.Balance
	own, other []netip.AddrPort
}

func newPool(in Input, s release.Service, c release.Color) (pool, error) {
	own, err := endpoints(in, s, c)
	if err != nil {
		return pool{}, err
	}
	p := pool{name: upstreamName(in.App.Name, s.Name, c), balance: balance(in.App.ShapeIn(c), s.Name), own: own}
	if backup, ok := standIn(in.App, s.Name, c); ok && backup.Port > 0 {
		p.other, err = endpoints(in, backup, c.Other())
	}
	return p, err
}

// standIn is the other color's service that stands behind the color's: the one
// of that name or, after a service was renamed, the one that all the same
// paths lead to. A request that an old worker of nginx takes to a color whose
// service is no longer there comes to it.
func standIn(app release.App, service string, c release.Color) (release.Service, bool) {
	other := app.ShapeIn(c.Other())
	if svc, ok := other.Service(service); ok {
		return svc, true
	}
	name := ""
	for _, r := range app.ShapeIn(c).Routes {
		if r.To != service {
			continue
		}
		i := slices.IndexFunc(other.Routes, func(o release.Route) bool { return o.Path == r.Path && o.Strip == r.Strip })
		if i < 0 || name != "" && name != other.Routes[i].To {
			return release.Service{}, false
		}
		name = other.Routes[i].To
	}
	return other.Service(name)
}

func upstreamName(app, service string, c release.Color) string {
	return "teal_" + app + "_" + service + "_" + string(c)
}

// passedTo is the upstream of the service in the color, as a location names it.
func passedTo(in Input, id string, svc release.Service, c release.Color) string {
	to := upstreamName(in.App.Name, svc.Name, c)
	if balance(in.App.ShapeIn(c), svc.Name) == release.IPHash && svc.Replicas > 1 {
		to += "_${" + pickVariable(id, in.App, svc.Name, c)[1:] + "}"
	}
	return to
}

// balance is that of the first route to the service: all of them agree.
func balance(s release.Shape, service string) release.Balance {
	for _, r := range s.Routes {
		if r.To == service {
			return r.Options.Balance
		}
	}
	return release.RoundRobin
}

func endpoints(in Input, s release.Service, c release.Color) ([]netip.AddrPort, error) {
	var list []netip.AddrPort
	for r := 1; r <= s.Replicas; r++ {
		slot := release.Slot{Service: s.Name, Color: c, Replica: r}
		at := in.App.Endpoint(in.Network, slot)
		if !at.IsValid() || !at.Addr().Is4() || at.Port() == 0 {
			return nil, fmt.Errorf("%s has no address", slot)
		}
		list = append(list, at)
	}
	return list, nil
}

// picks reports whether the client's address chooses the replica. nginx's own
// ip_hash takes no backup servers, so a late upload or a crashed color would
// not fall over to the other; split_clients does the same before them.
func (p pool) picks() bool { return p.balance == release.IPHash && len(p.own) > 1 }

func (p pool) upstreams() []upstream {
	var list []upstream
	if !p.picks() {
		list = append(list, upstream{Name: p.name, Lines: p.lines()})
	}
	for i := range p.own {
		if p.picks() {
			list = append(list, upstream{Name: p.name + "_" + strconv.Itoa(i+1), Lines: p.linesOf(i)})
		}
	}
	var both []upstream
	for _, u := range list {
		both = append(both, u, upstream{u.Name + "_stream", u.Lines, true})
	}
	return both
}

func (p pool) lines() []string {
	var lines []string
	if p.balance == release.LeastConn {
		lines = append(lines, "least_conn;")
	}
	for _, at := range p.own {
		lines = append(lines, fmt.Sprintf("server %s %s;", at, p.faults()))
	}
	return append(lines, p.backups()...)
}

// linesOf are those for the clients of one replica. While it is away the
// others of its color stand in; their weight keeps requests from trying the
// other color, which is mostly stopped, first.
func (p pool) linesOf(i int) []string {
	lines := []string{fmt.Sprintf("server %s %s;", p.own[i], p.faults())}
	for j, at := range p.own {
		if j != i {
			lines = append(lines, fmt.Sprintf("server %s weight=1000 %s backup;", at, p.faults()))
		}
	}
	return append(lines, p.backups()...)
}

func (p pool) backups() []string {
	var lines []string
	for _, at := range p.other {
		lines = append(lines, fmt.Sprintf("server %s max_fails=0 backup;", at))
	}
	return lines
}

// faults says when a server is left out for a while. A backup switches
// nginx's counting of faults on even for a single server, and the backup is
// mostly stopped: one aborted answer would then be a 502 for everyone until
// the time is over. So a single server is never left out, and a replica only
// for a second. nginx counts an answer that is too slow as a fault too; three
// in a row, and not one, keep a single slow page from sending everyone to the
// other replicas, and when all have one, to the stopped color.
func (p pool) faults() string {
	if len(p.own) == 1 {
		return "max_fails=0"
	}
	return "max_fails=3 fail_timeout=1s"
}

// pickVariable is the variable of a pick. It is short, by the service's place
// among all, for nginx keeps variables in a hash of small buckets.
func pickVariable(id string, app release.App, service string, c release.Color) string {
	n := slices.Index(routed(app), service) + 1
	return fmt.Sprintf("$teal_%s_%d%.1s", id, n, c)
}

// shares splits all clients evenly. nginx counts in hundredths of a percent.
func shares(replicas int) []part {
	var parts []part
	for i := range replicas - 1 {
		parts = append(parts, part{fmt.Sprintf("%.2f%%", 100/float64(replicas)), strconv.Itoa(i + 1)})
	}
	return append(parts, part{"*", strconv.Itoa(replicas)})
}
