package release

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"
)

// App is an application as teal.yaml describes it, parsed and validated:
// every string in it has an alphabet that is safe in nginx config, in Docker
// names and in paths, so rooms may use them without quoting. Dir, File, Compose,
// Health.Body and Health.Command alone keep the user's own text: they are never
// rendered into nginx's config.
type App struct {
	Name    string   // [a-z][a-z0-9-]*, at most 32 bytes
	Dir     string   // absolute folder of teal.yaml; relative paths start here
	File    string   // absolute path of teal.yaml
	Compose []string // absolute paths of the compose files, in merge order
	// Own are a color's own compose files, absolute, used as they are beside
	// Compose, which then holds the shared services alone; nil where one set of
	// files is colored.
	Own       map[Color][]string
	Addresses Addresses
	Services  []Service
	Site      Site
	Routes    []Route // longest path first
	Proxies   []Proxy // in order of the chain, outermost first; at least one
	Policy    Policy
	Notify    []Notify // who is told of deploys
	// Shapes are those of the releases that stand in the colors, where they
	// may be other than the app's own; a color that isn't there, or is about
	// to be filled anew, has the app's.
	Shapes map[Color]Shape
}

// Service returns the colored service of that name.
func (a App) Service(name string) (Service, bool) {
	i := slices.IndexFunc(a.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return a.Services[i], true
}

// Routed reports whether a route leads to the service.
func (a App) Routed(service string) bool {
	return slices.ContainsFunc(a.Routes, func(r Route) bool { return r.To == service })
}

// Service is a colored service: one that runs once per color.
type Service struct {
	Name     string // as in the compose file
	Port     int    // container port nginx talks to; 0 for a service that isn't routed
	Replicas int    // at least 1
	Health   Health
	Handoff  Handoff
	// Names are the service's names in the color's own compose files, where
	// the app has such files; nil means Name in both.
	Names map[Color]string
	// Each names the services that are the replicas, a color's in order, where
	// each replica is a service of its own in the color's compose files; nil
	// means that all replicas are made from NameIn.
	Each map[Color][]string
	// HostPorts are the loopback ports at which nginx reaches the replicas,
	// a color's in the order of its replicas, where Addresses is ports.
	HostPorts map[Color][]int
}

// NameIn is the service's name in the compose file of the color.
func (s Service) NameIn(c Color) string {
	if name := s.Names[c]; name != "" {
		return name
	}
	return s.Name
}

// NameOf is the name of the service that the replica, counted from 1, is made
// from in the compose file of the color.
func (s Service) NameOf(c Color, replica int) string {
	if each := s.Each[c]; replica >= 1 && replica <= len(each) {
		return each[replica-1]
	}
	return s.NameIn(c)
}

// Handoff says whether two colors of a service may run at the same time.
type Handoff string

// The handoffs. A scheduler that must never run twice is stopped first; such
// a service can't be routed.
const (
	HandoffOverlap   Handoff = ""
	HandoffStopFirst Handoff = "stop-first"
)

// HealthKind says how a replica is asked whether it is ready.
type HealthKind string

// The health gates. HealthAuto takes the image's HEALTHCHECK if there is one,
// else TCP where the service has a port, else "stays up".
const (
	HealthAuto   HealthKind = ""
	HealthDocker HealthKind = "docker"
	HealthHTTP   HealthKind = "http"
	HealthTCP    HealthKind = "tcp"
	HealthExec   HealthKind = "exec"
	HealthUp     HealthKind = "up"
)

// Health is a service's gate: what a replica must answer, and how often.
type Health struct {
	Kind    HealthKind
	Path    string        // http: request target, begins with /
	Host    string        // http: Host header; "" sends the site's first host, else the address
	Port    int           // http and tcp: 0 means the service's port
	Status  []StatusRange // http: accepted answers; empty means 200 to 299
	Body    string        // http: text the body must contain; "" takes any
	Command []string      // exec: argument vector run in the container, exit 0 is an answer
	Answers int           // good answers in a row wanted from each replica, at least 1
	Timeout time.Duration // how long the gate waits for all replicas of the service
	Request time.Duration // how long one question may take
}

// StatusRange is a closed range of HTTP status codes.
type StatusRange struct{ From, To int }

// Contains reports whether code lies in the range.
func (r StatusRange) Contains(code int) bool { return code >= r.From && code <= r.To }

// Addresses says where nginx reaches the containers.
type Addresses string

// The kinds of addresses.
const (
	AddressesContainers Addresses = ""      // fixed addresses on the app's network
	AddressesPorts      Addresses = "ports" // fixed loopback ports per color
)

// Site is where the app is served.
type Site struct {
	Hosts  []string // host names; empty answers any host
	Listen []string // nginx listen addresses: "80", "127.0.0.1:8080", "[::]:80"; all plain HTTP
	TLS    *TLS     // nil serves plain HTTP only

	TrustedProxies []netip.Prefix // in front of this nginx: their X-Forwarded-For is believed
	ErrorPages     map[int]string // status (400 to 599) → absolute path of a file
	Gzip           bool
	AccessLog      AccessLog

	// Adopted is set where the site's server block is somebody's own; what is
	// above but Hosts, Listen and TLS then has no meaning. Hosts and addresses
	// say where that block answers, so that teal can ask it.
	Adopted *Adopted
}

// TLS is how the site serves HTTPS.
type TLS struct {
	Listen     []string // "443", "[::]:443"
	Cert, Key  string   // absolute paths of PEM files
	SelfSigned bool     // teal makes Cert and Key where they are missing
	HTTP2      bool
	Redirect   int    // 301 or 308 from the plain addresses to HTTPS; 0 serves both
	ACME       string // absolute folder that answers /.well-known/acme-challenge/ in plain HTTP; "" none
}

// AccessLog is the site's own log of requests.
type AccessLog struct {
	Path   string // absolute; "" leaves it to the nginx that serves the site
	Format string // combined (default) or json
}

// Route sends a path prefix to a service, or serves it from files.
type Route struct {
	Path    string // prefix, begins with /
	To      string // service name; "" where Files is set
	Files   string // absolute folder; "" where To is set
	Options RouteOptions
	Strip   bool  // take the prefix off before passing on
	MaxBody int64 // bytes a request body may have; 0 means nginx's default (1 MiB), -1 no limit
}

// RouteOptions are nginx's own settings of a route, each of a known type: none
// can carry other text into the config.
type RouteOptions struct {
	ReadTimeout   time.Duration // proxy_read_timeout; 0 is teal's default
	SendTimeout   time.Duration // proxy_send_timeout
	Buffering     *bool         // proxy_buffering
	RequestBuffer *bool         // proxy_request_buffering
	BufferSize    int64         // proxy_buffer_size, bytes
	Balance       Balance
	Headers       map[string]string // response headers added, name and value in a safe alphabet
	Expires       time.Duration     // files: how long clients may keep them
	LimitRate     int64             // bytes a second to a client, 0 none
}

// Balance is how requests are spread over replicas.
type Balance string

// The ways to balance.
const (
	RoundRobin Balance = ""
	LeastConn  Balance = "least_conn"
	IPHash     Balance = "ip_hash"
)

// ProxyKind says which nginx serves the app.
type ProxyKind string

// The proxies teal can drive.
const (
	ProxyStandalone ProxyKind = "standalone" // teal's own nginx process, config under the state root
	ProxyHost       ProxyKind = "host"       // the machine's nginx, beside other people's sites
	ProxyContainer  ProxyKind = "container"  // nginx in a container, by service or by container name
)

// Proxy is one nginx in front of the app.
type Proxy struct {
	Kind   ProxyKind
	Bin    string // nginx binary; "" means nginx from PATH
	Config string // host: main config file; "" means /etc/nginx/nginx.conf
	Sites  string // host and container: folder that the main config includes; "" means sites-enabled or conf.d beside it

	Service   string   // container: shared service of the app's compose files that is nginx
	Container string   // container: name of a container of somebody else's; one of Service and Container is set
	Listen    []string // of this proxy, where it differs from the site's; the outermost proxy's is what clients use
	Label     string   // tells two proxies of one kind apart; "" for the only one
}

// Name tells proxies of one chain apart in messages.
func (p Proxy) Name() string {
	if p.Label != "" {
		return p.Label + " nginx"
	}
	return string(p.Kind) + " nginx"
}

// hostMain is the main file of a machine's nginx, where the proxy names none.
const hostMain = "/etc/nginx/nginx.conf"

// Main is the main configuration file of a host nginx.
func (p Proxy) Main() string { return cmp.Or(p.Config, hostMain) }

// Place names an nginx among all that one state root may have to do with,
// whichever app speaks of it and whatever it calls it: they share its reloads.
// It is a part of file names.
func (p Proxy) Place(app string) string {
	switch {
	case p.Kind == ProxyContainer && p.Container != "":
		return "container." + p.Container
	case p.Kind == ProxyContainer: // compose's name of the service's first container
		return "container." + app + "-" + p.Service + "-1"
	case p.Kind == ProxyHost && p.Main() != hostMain:
		sum := sha256.Sum256([]byte(p.Main()))
		return "host." + hex.EncodeToString(sum[:4])
	}
	return string(p.Kind)
}

// Policy is how the app wants to be deployed.
type Policy struct {
	Drain   DrainLimits
	Standby Standby
	Keep    int // releases kept in history with their images, at least 2
	Witness WitnessPolicy
	Command *Command // the release command; nil for none
}

// Command runs once in a new release's image, with the shared network, before
// the new color starts: a database migration.
type Command struct {
	Service string   // colored service whose image and environment it gets
	Argv    []string // argument vector
	Timeout time.Duration
}

// DrainLimits bounds how long the old color is waited for.
type DrainLimits struct {
	Timeout time.Duration // plain requests
	Streams time.Duration // WebSockets and other streams; at least Timeout
}

// Standby says what becomes of the old color after a release.
type Standby string

// What the old color does after it has drained.
const (
	StandbyCold Standby = "cold" // stopped, containers kept
	StandbyWarm Standby = "warm" // left running: rollback in milliseconds
	StandbyNone Standby = "none" // removed
)

// WitnessPolicy is the outside client that teal runs during a deploy.
type WitnessPolicy struct {
	Off  bool
	Rate int // requests a second over all routes
}

// Endpoint is where nginx and the health gates reach a slot: its address on
// the app's network, or its loopback port; the zero AddrPort for a slot that
// has neither. A service without a port has port 0.
func (a App) Endpoint(n Network, s Slot) netip.AddrPort {
	svc, ok := a.ShapeIn(s.Color).Service(s.Service)
	if !ok {
		svc, _ = a.Service(s.Service)
	}
	if a.Addresses != AddressesPorts {
		return netip.AddrPortFrom(n.Addr(s), uint16(svc.Port))
	}
	ports := svc.HostPorts[s.Color]
	if s.Replica < 1 || s.Replica > len(ports) {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(ports[s.Replica-1]))
}
