package release

import (
	"slices"
	"time"
)

// App is an application as teal.yaml describes it, parsed and validated:
// every string in it has an alphabet that is safe in nginx config, in Docker
// names and in paths, so rooms may use them without quoting. Dir, File, Compose,
// Health.Body and Health.Command alone keep the user's own text: they are never
// rendered into nginx's config.
type App struct {
	Name     string   // [a-z][a-z0-9-]*, at most 32 bytes
	Dir      string   // absolute folder of teal.yaml; relative paths start here
	File     string   // absolute path of teal.yaml
	Compose  []string // absolute paths of the compose files, in merge order
	Services []Service
	Site     Site
	Routes   []Route // longest path first
	Proxies  []Proxy // in order of the chain, outermost first; at least one
	Policy   Policy
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
}

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

// Site is where the app is served.
type Site struct {
	Hosts  []string // host names; empty answers any host
	Listen []string // nginx listen addresses: "80", "127.0.0.1:8080", "[::]:80"
}

// Route sends a path prefix to a service.
type Route struct {
	Path    string // prefix, begins with /
	To      string // service name
	Strip   bool   // take the prefix off before passing on
	MaxBody int64  // bytes a request body may have; 0 means nginx's default (1 MiB), -1 no limit
}

// ProxyKind says which nginx serves the app.
type ProxyKind string

// The proxies teal can drive.
const (
	ProxyStandalone ProxyKind = "standalone" // teal's own nginx process, config under the state root
	ProxyHost       ProxyKind = "host"       // the machine's nginx, beside other people's sites
)

// Proxy is one nginx in front of the app.
type Proxy struct {
	Kind   ProxyKind
	Bin    string // nginx binary; "" means nginx from PATH
	Config string // host: main config file; "" means /etc/nginx/nginx.conf
	Sites  string // host: folder that the main config includes; "" means sites-enabled or conf.d beside it
}

// Name tells proxies of one chain apart in messages.
func (p Proxy) Name() string { return string(p.Kind) + " nginx" }

// Policy is how the app wants to be deployed.
type Policy struct {
	Drain   DrainLimits
	Standby Standby
	Keep    int // releases kept in history with their images, at least 2
	Witness WitnessPolicy
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
