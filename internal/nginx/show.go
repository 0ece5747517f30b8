package nginx

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"teal/internal/release"
)

// Shown is what is known of teal's own nginx.
type Shown struct {
	Bin     string     `json:"bin"`
	Version string     `json:"version"`
	Running bool       `json:"running"`
	PID     int        `json:"pid,omitempty"`
	Workers int        `json:"workers,omitempty"` // those that take connections
	Old     int        `json:"old,omitempty"`     // those that finish what they have
	Config  string     `json:"config"`
	Log     string     `json:"log"`
	Listen  []string   `json:"listen"` // where the kernel says it listens
	Apps    []ShownApp `json:"apps"`
}

// ShownApp is an app in teal's own nginx.
type ShownApp struct {
	Name       string   `json:"name"`
	Hosts      []string `json:"hosts,omitempty"` // none: any
	Listen     []string `json:"listen"`
	Configured string   `json:"configured"`      // the generation on disk
	Generation string   `json:"generation"`      // the generation nginx answers; "" if it doesn't
	Table      string   `json:"table,omitempty"` // the table it answers
}

// ProxyShow tells about teal's own nginx. bin is the nginx program, "" for
// the usual one.
func (r *Router) ProxyShow(ctx context.Context, bin string) (_ Shown, err error) {
	defer func() { err = r.rightful("show", err) }()
	s, err := r.standalone(ctx, release.Proxy{Bin: bin})
	if err != nil {
		return Shown{}, err
	}
	shown := Shown{Bin: s.path, Version: s.version, Config: s.main, Log: s.errorLog}
	if m, ok := s.running(); ok {
		shown.Running, shown.PID = true, int(m)
		for _, pid := range m.workers() {
			if accepts(pid) {
				shown.Workers++
			} else {
				shown.Old++
			}
		}
		if shown.Listen, err = listens(m); err != nil {
			return shown, err
		}
	}
	shown.Apps, err = r.showApps(ctx, s, shown.Running)
	return shown, err
}

func (r *Router) showApps(ctx context.Context, s server, running bool) ([]ShownApp, error) {
	apps, err := r.routed(s.place)
	if err != nil {
		return nil, err
	}
	var list []ShownApp
	for _, a := range apps {
		one := ShownApp{Name: a.app, Hosts: a.hosts, Listen: a.addresses(), Configured: a.generation}
		if running {
			// An app that gets no answer is shown without one.
			if says, err := r.question(ctx, s, a.app); err == nil {
				one.Generation, one.Table = says.generation, says.table
			}
		}
		list = append(list, one)
	}
	return list, ctx.Err()
}

// listens are the addresses the master has listening sockets for.
func listens(m master) ([]string, error) {
	all, err := sockets(int(m))
	if err != nil {
		return nil, err
	}
	var at []netip.AddrPort
	for _, s := range all {
		if s.state == stateListen && opened(int(m), fmt.Sprintf("socket:[%d]", s.inode)) {
			at = append(at, s.local)
		}
	}
	slices.SortFunc(at, netip.AddrPort.Compare)
	var list []string
	for _, a := range slices.Compact(at) {
		list = append(list, a.String())
	}
	return list, nil
}
