package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// view is what the templates print: every string in it is final.
type view struct {
	App        string
	ID         string // the app's name as a part of variable names
	Root       string
	Control    string
	Generation string
	Buckets    []string
	Plain      []string // arguments of listen directives
	Secure     []string // the same, for HTTPS
	Hosts      string   // server_name's arguments
	Deny       bool     // answer 404 to hosts that aren't listed
	Allow      []string // addresses, beside loopback, that may ask the control location
	AccessLogs []string
	JSONLog    bool // the app's own log in JSON is among them
	Header     bool
	Inherited  []string // add_header directives that ours would switch off
	Flags      string   // the folder that is there while a flag is raised
	Closing    string   // flag file: answer and close
	Watch      string   // flag file: log traffic
	Keeps      bool     // exiting workers leave idle connections open
	TLS        *tlsView
	Trusted    []string
	Passed     []string // what applications are told of a request, streams or not
	Pages      []page
	Gzip       bool
	Upstreams  []upstream
	Picks      []pick
	Routes     []route
	Fallback   bool // no route takes "/"
}

func newView(in Input) (view, error) {
	name, site := in.App.Name, in.App.Site
	closing := ClosingFlag(in.Root, in.Place)
	if site.Adopted != nil {
		closing = ClosingFlagOf(in.Root, in.Place, name)
	}
	v := view{
		App: name, ID: strings.ReplaceAll(name, "-", "_"), Root: in.Root,
		Control: ControlPath(in.Token), Generation: unset,
		Buckets: Buckets(), Hosts: "_", Allow: allow(in),
		Header:  in.ColorHeader,
		Flags:   FlagsFolder(in.Root),
		Closing: closing,
		Watch:   WatchFlag(in.Root, name),
		Keeps:   in.Version.KeepsConnections(),
		TLS:     newTLS(in), Trusted: trusted(in.Trusted), Gzip: site.Gzip,
		Pages: pages(site.ErrorPages),
	}
	if len(site.Hosts) > 0 {
		v.Hosts, v.Deny = strings.Join(site.Hosts, " "), true
	}
	v.Plain, v.Secure = listens(in)
	v.logs(in)
	v.Passed = v.passed()
	for _, h := range in.Headers {
		v.Inherited = append(v.Inherited, "add_header "+quoted(h)+";")
	}
	var err error
	if v.Upstreams, v.Picks, err = upstreams(in, v.ID); err != nil {
		return view{}, err
	}
	v.Routes = v.routes(in)
	v.Fallback = !slices.ContainsFunc(v.Routes, func(r route) bool { return r.Path == "/" })
	return v, nil
}

// logs are the app's own log where it has one, else those of the nginx.
func (v *view) logs(in Input) {
	own := in.App.Site.AccessLog
	v.JSONLog = own.Path != "" && own.Format == "json"
	switch {
	case v.JSONLog:
		v.AccessLogs = []string{own.Path + " teal_" + v.ID + "_json"}
	case own.Path != "":
		v.AccessLogs = []string{own.Path + " combined"}
	default:
		for _, log := range in.AccessLogs {
			v.AccessLogs = append(v.AccessLogs, strings.Join(log, " "))
		}
	}
}

// passed are the headers that a request is passed on with. A location that has
// one of its own inherits none.
func (v *view) passed() []string {
	via, proto := "$proxy_add_x_forwarded_for", "$scheme"
	if len(v.Trusted) > 0 {
		via, proto = "$teal_"+v.ID+"_via", "$teal_"+v.ID+"_proto"
	}
	return []string{
		"proxy_set_header Host $teal__host;",
		"proxy_set_header X-Real-IP $remote_addr;",
		"proxy_set_header X-Forwarded-For " + via + ";",
		"proxy_set_header X-Forwarded-Proto " + proto + ";",
		"proxy_set_header X-Forwarded-Host $teal__host;",
	}
}

// quoted are arguments as they stand in the machine's own configuration, which
// may have blanks and variables in them.
func quoted(args []string) string {
	list := make([]string, len(args))
	for i, arg := range args {
		list[i] = strconv.Quote(arg)
	}
	return strings.Join(list, " ")
}

// Buckets are the names of the buckets clients are hashed into: 00 to 99.
func Buckets() []string {
	names := make([]string, release.Buckets)
	for i := range names {
		names[i] = fmt.Sprintf("%02d", i)
	}
	return names
}

// FlagsFolder is where flags are raised. It is there only while one is, of
// whatever app: so a request looks once, and not for each flag.
func FlagsFolder(root string) string { return root + "/flags/up" }

// ClosingFlag is the file whose presence makes the nginx of that place close
// client connections after the answer.
func ClosingFlag(root, place string) string { return FlagsFolder(root) + "/closing." + place }

// WatchFlag is the file whose presence makes nginx log the app's traffic. No
// app's name has a dot in it, and no place is called watch.
func WatchFlag(root, app string) string { return FlagsFolder(root) + "/" + app + ".watch" }

// TrafficLog is where nginx logs the app's traffic while it is watched.
func TrafficLog(root, app string) string { return root + "/apps/" + app + "/traffic.log" }

// trusted are the networks in the form of nginx's geo, which warns of bits
// that are none of the network's.
func trusted(list []netip.Prefix) []string {
	var out []string
	for _, p := range list {
		if text := p.Masked().String(); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}
