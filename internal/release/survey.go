package release

import (
	"path"
	"slices"
	"strings"
	"time"
)

// Survey is what the compose files say of each service, before anything is
// colored and without a Docker engine: what a proposal of teal.yaml and a list
// of hazards are made from. It holds no value of an environment variable.
type Survey struct {
	Project  string   // the name compose itself would give the project
	Files    []string // absolute paths, in merge order
	Services []SurveyService
	Off      []string // services whose profiles are not active
	Subnets  []string // that the files give networks, as written
	Notes    []string // what compose warns of, such as a variable that isn't set
}

// SurveyService is one service of the compose files.
type SurveyService struct {
	Name      string
	Image     string // "" if only built
	Build     string // build context as a person would type it; "" without a build section
	Database  bool   // the image's data directory may be opened by one process alone
	Argv      []string
	OwnEntry  bool // the file gives an entrypoint of its own; it begins Argv
	Filled    bool // Argv holds values of variables, which may be secrets
	Ports     []SurveyPort
	Expose    []int
	PortVar   int           // the environment variable PORT, 0 without
	Check     bool          // a healthcheck section that isn't disabled
	CheckTime time.Duration // how long Docker may take to call a new container healthy or not
	Mounts    []SurveyMount
	Needs     []SurveyNeed
	Mentions  []string // other services whose names stand as a host in environment or command
	Ties      []SurveyTie
	Provider  bool // made by a provider, not from an image
	Container string
	Addresses []string // fixed ones in networks
	Restart   string
	Grace     time.Duration // stop_grace_period; 0 without
	Replicas  int           // at least 1
	Places    map[string]string
}

// SurveyPort is an entry of ports.
type SurveyPort struct {
	Target    int
	Published string // "" where Docker chooses; a range as written
	Host      string // address, "" for all
	Protocol  string
}

// Listen is the address on the host in the form of site.listen.
func (p SurveyPort) Listen() string {
	if p.Host == "" {
		return p.Published
	}
	if strings.Contains(p.Host, ":") {
		return "[" + p.Host + "]:" + p.Published
	}
	return p.Host + ":" + p.Published
}

// SurveyMount is an entry of volumes.
type SurveyMount struct {
	Type     string // volume, bind, tmpfs, …
	Source   string // volume name or path; "" for an anonymous volume
	Target   string
	ReadOnly bool
	File     bool // a bind mount of a single file
}

// SurveyNeed is an entry of depends_on.
type SurveyNeed struct {
	Service   string
	Condition string // service_started, service_healthy, service_completed_successfully
}

// SurveyTie is an option that binds a service to one particular container or
// to the host.
type SurveyTie struct {
	Key  string // in the compose file
	Text string // the option as written
	To   string // the service at the other end, if any
	Fix  string
}

// Service returns the service of that name.
func (s Survey) Service(name string) (SurveyService, bool) {
	i := slices.IndexFunc(s.Services, func(v SurveyService) bool { return v.Name == name })
	if i < 0 {
		return SurveyService{}, false
	}
	return s.Services[i], true
}

// Place is where the key of the service stands, as file:line:column; of the
// service itself for "" and for keys that are inherited.
func (s SurveyService) Place(key string) string {
	if at := s.Places[key]; at != "" {
		return at
	}
	return s.Places[""]
}

// ImageName is the last part of the image's name, without tag or digest:
// postgres for docker.io/library/postgres:16.
func (s SurveyService) ImageName() string {
	name, _, _ := strings.Cut(path.Base(s.Image), "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// Written are the named volumes the service may write to.
func (s SurveyService) Written() []SurveyMount {
	var found []SurveyMount
	for _, m := range s.Mounts {
		if m.Type == "volume" && m.Source != "" && !m.ReadOnly {
			found = append(found, m)
		}
	}
	return found
}

// clocks are programs that run others at set times, and words in names of
// services that do.
var (
	clockPrograms = []string{"cron", "crond", "supercronic", "ofelia", "go-cron", "celerybeat", "rqscheduler", "clockwork"}
	clockWords    = []string{"beat", "cron", "clock", "scheduler", "crontab"}
)

// Clock says why the service looks like one that runs jobs at set times, and
// so must never run twice; "" if it doesn't.
func (s SurveyService) Clock() string {
	for i, word := range s.Argv {
		program := path.Base(word)
		if slices.Contains(clockPrograms, program) || program == "beat" && i > 0 {
			return "runs " + program
		}
	}
	if slices.Contains(clockPrograms, s.ImageName()) {
		return "image " + s.Image
	}
	for part := range strings.FieldsFuncSeq(strings.ToLower(s.Name), func(r rune) bool { return strings.ContainsRune("-_.", r) }) {
		if slices.Contains(clockWords, part) {
			return "is named " + s.Name
		}
	}
	return ""
}
