package render

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"teal/internal/release"
)

// view is what the template prints: every string in it is final.
type view struct {
	App        string
	ID         string // the app's name as a part of variable names
	Root       string
	Control    string
	Generation string
	Buckets    []string
	Listen     []string
	Default    bool     // any host is answered: ask to be the default server
	Hosts      string   // server_name's arguments
	Deny       bool     // answer 404 to hosts that aren't listed
	Allow      []string // own addresses that may ask the control location
	AccessLogs []string
	Header     bool
	Closing    string // flag file: answer and close
	Watch      string // flag file: log traffic
	Upstreams  []upstream
	Routes     []route
	Fallback   bool // no route takes "/"
}

type upstream struct {
	Name    string
	Own     []netip.AddrPort
	Other   []netip.AddrPort
	Faults  string // how many faults take a server of its own color out
	Streams bool
}

type route struct {
	N       int
	Path    string
	Service string
	Rewrite string // regular expression of the prefix to strip, "" for none
	MaxBody string // client_max_body_size, "" for nginx's default
}

func newView(in Input) (view, error) {
	ups, err := upstreams(in)
	if err != nil {
		return view{}, err
	}
	name, site := in.App.Name, in.App.Site
	v := view{
		App: name, ID: strings.ReplaceAll(name, "-", "_"), Root: in.Root,
		Control: ControlPath(in.Token), Generation: unset,
		Buckets: Buckets(), Listen: site.Listen, Hosts: "_", Allow: allow(site.Listen),
		Header:    in.ColorHeader,
		Closing:   ClosingFlag(in.Root, in.Kind),
		Watch:     WatchFlag(in.Root, name),
		Upstreams: ups, Routes: routes(in.App.Routes),
	}
	v.Fallback = !slices.ContainsFunc(in.App.Routes, func(r release.Route) bool { return r.Path == "/" })
	if len(site.Hosts) > 0 {
		v.Hosts, v.Deny = strings.Join(site.Hosts, " "), true
	}
	// Only in teal's own nginx: elsewhere the default server of a port is
	// somebody else's to choose.
	v.Default = len(site.Hosts) == 0 && in.Kind == release.ProxyStandalone
	for _, log := range in.AccessLogs {
		v.AccessLogs = append(v.AccessLogs, strings.Join(log, " "))
	}
	return v, nil
}

// Buckets are the names of the buckets clients are hashed into: 00 to 99.
func Buckets() []string {
	names := make([]string, release.Buckets)
	for i := range names {
		names[i] = fmt.Sprintf("%02d", i)
	}
	return names
}

// ClosingFlag is the file whose presence makes the nginx of that kind close
// client connections after the answer. No app's name has a dot in it, so it
// never meets an app's folder.
func ClosingFlag(root string, kind release.ProxyKind) string {
	return root + "/flags/closing." + string(kind)
}

// WatchFlag is the file whose presence makes nginx log the app's traffic.
func WatchFlag(root, app string) string { return root + "/flags/" + app + "/watch" }

// TrafficLog is where nginx logs the app's traffic while it is watched.
func TrafficLog(root, app string) string { return root + "/apps/" + app + "/traffic.log" }

// upstreams makes four of each routed service: one a color for requests, one
// a color for streams.
func upstreams(in Input) ([]upstream, error) {
	var all []upstream
	for _, s := range in.App.Services {
		if !in.App.Routed(s.Name) {
			continue
		}
		for _, c := range release.Colors {
			own, err := addresses(in, s, c)
			if err != nil {
				return nil, err
			}
			other, err := addresses(in, s, c.Other())
			if err != nil {
				return nil, err
			}
			name := "teal_" + in.App.Name + "_" + s.Name + "_" + string(c)
			u := upstream{Name: name, Own: own, Other: other, Faults: faults(s.Replicas)}
			all = append(all, u)
			u.Name, u.Streams = name+"_stream", true
			all = append(all, u)
		}
	}
	return all, nil
}

func addresses(in Input, s release.Service, c release.Color) ([]netip.AddrPort, error) {
	var list []netip.AddrPort
	for r := 1; r <= s.Replicas; r++ {
		slot := release.Slot{Service: s.Name, Color: c, Replica: r}
		addr := in.Network.Addr(slot)
		if !addr.Is4() {
			return nil, fmt.Errorf("%s has no address", slot)
		}
		list = append(list, netip.AddrPortFrom(addr, uint16(s.Port)))
	}
	return list, nil
}

// faults says when a server is left out for a while. A backup switches
// nginx's counting of faults on even for a single server, and the backup is
// mostly stopped: one aborted answer would then be a 502 for everyone until
// the time is over. So a single server is never left out, and a replica only
// for a second.
func faults(replicas int) string {
	if replicas == 1 {
		return "max_fails=0"
	}
	return "max_fails=1 fail_timeout=1s"
}

func routes(all []release.Route) []route {
	var list []route
	for i, r := range all {
		v := route{N: i + 1, Path: r.Path, Service: r.To}
		if r.Strip {
			v.Rewrite = "(?s)^" + regexp.QuoteMeta(strings.TrimSuffix(r.Path, "/")) + "/?(.*)$"
		}
		switch {
		case r.MaxBody > 0:
			v.MaxBody = fmt.Sprint(r.MaxBody)
		case r.MaxBody < 0:
			v.MaxBody = "0"
		}
		list = append(list, v)
	}
	return list
}
