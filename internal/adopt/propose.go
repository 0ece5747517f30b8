// Package adopt proposes a teal.yaml for compose files that are there: what is
// released in two colors and what is shared, where it is served, and why.
//
// The invariant: it is pure and gives a reason for every decision. A reason is
// a fact of the files, never a guess dressed up as one; what can't be known
// from them (a health path, a host name) is left to the person, and said so.
package adopt

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"teal/internal/release"
)

// Machine is what is known of the machine the app runs on.
type Machine struct {
	Nginx bool // an nginx of the machine's runs
	// Sites are nginx configurations that may lead to the app already, the
	// outermost first. Those that do are adopted.
	Sites []Nginx
	Root  string       // teal's state root, absolute
	Addrs []netip.Addr // the machine's own
	Pair  *Pair        // nil where one set of files is colored
}

// Proposal is an app as teal.yaml would describe it, with the reasons.
type Proposal struct {
	App     release.App     // names, services, site, routes, proxies and the release command
	Compose []string        // files to name in teal.yaml; nil where teal finds them by itself
	Shared  []string        // services that stay as they are
	Maybe   []release.Route // routes that may be wanted
	Reasons []Reason        // in the order they were decided
	Notes   []string        // what a person should know before using it
	// Of an adopted site: its files, patched, and the certificates in them.
	Changes      []Change
	Extra        string // the text of a compose file to add, "" without
	Certificates []Certificate

	survey  release.Survey
	reasons map[string]int // by key, into Reasons
	colored map[string]bool
	ported  map[string]bool // whose port nginx has told
	pair    *Pair
	groups  map[string][]member // services that are several in the compose files
	twins   []string            // those of them that stand in one file
}

// Reason is why a decision was made.
type Reason struct {
	Key    string `json:"key"`    // as in teal.yaml, or shared.NAME
	Choice string `json:"choice"` // what was decided
	Why    string `json:"why"`
	Place  string `json:"place,omitempty"` // file:line:column in the compose files
}

// Propose makes a proposal. compose are the files to name in teal.yaml. It
// fails with code Invalid where nothing can be released in two colors, or where
// an nginx that leads to the app can't be adopted by a small patch, and with an
// AlreadyError where it was.
func Propose(s release.Survey, compose []string, m Machine) (*Proposal, error) {
	p := &Proposal{survey: s, Compose: compose, reasons: map[string]int{}, colored: map[string]bool{}, ported: map[string]bool{}, groups: map[string][]member{}}
	p.name()
	p.twin(m)
	p.sort()
	if len(p.App.Services) == 0 {
		return nil, p.nothing()
	}
	p.tellPair()
	p.tellTwins()
	adopted, err := p.adopt(m)
	if err != nil {
		return nil, err
	}
	if !adopted {
		p.proxy(m)
		p.route()
		p.loopbackPorts()
		p.listen()
	}
	p.command()
	if p.Extra = p.extra(); p.Extra != "" && len(p.Compose) == 0 {
		for _, path := range s.Files {
			p.Compose = append(p.Compose, path[strings.LastIndexAny(path, `/\\`)+1:])
		}
	}
	if p.Extra != "" {
		p.Compose = appendNew(p.Compose, Extra)
	}
	return p, nil
}

// Survey is what the compose files say, with what the proposal takes for one
// service as one.
func (p *Proposal) Survey() release.Survey { return p.survey }

// because records a decision.
func (p *Proposal) because(r Reason) {
	if i, known := p.reasons[r.Key]; known {
		p.Reasons[i] = r
		return
	}
	p.reasons[r.Key] = len(p.Reasons)
	p.Reasons = append(p.Reasons, r)
}

// why is the reason of a decision, "" without.
func (p *Proposal) why(key string) string {
	if i, known := p.reasons[key]; known {
		return p.Reasons[i].Why
	}
	return ""
}

func (p *Proposal) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

var (
	appForm     = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9]){0,31}$`)
	serviceForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,49}$`)
	notInName   = regexp.MustCompile(`[^a-z0-9]+`)
)

// name takes compose's own name for the project: shared containers, networks
// and volumes that are there are known by it.
func (p *Proposal) name() {
	project := p.survey.Project
	p.App.Name = appName(project)
	if p.App.Name == project {
		p.because(Reason{Key: "app", Choice: project, Why: "compose's name for this project: what runs and the volumes' data stay"})
		return
	}
	p.because(Reason{Key: "app", Choice: p.App.Name, Why: fmt.Sprintf("the project is named %q, which can't be an app's name", project)})
	if len(p.volumes()) > 0 {
		p.note("the app is %s but the project was %s: volumes %s would begin empty under the new name; "+
			"give each its name in the compose file, as in %s: {name: %s_%[4]s}", p.App.Name, project, strings.Join(p.volumes(), ", "), p.volumes()[0], project)
	}
}

// appName makes a name of the app alphabet out of a project's.
func appName(project string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(project), "-"), "-")
	name = strings.TrimLeft(name, "0123456789-")
	for _, c := range release.Colors {
		name = strings.TrimSuffix(name, "-"+string(c))
	}
	if len(name) > 32 {
		name = strings.TrimRight(name[:32], "-")
	}
	if !appForm.MatchString(name) {
		return "app"
	}
	return name
}

// volumes are the named volumes that services use.
func (p *Proposal) volumes() []string {
	var names []string
	for _, s := range p.survey.Services {
		for _, m := range s.Mounts {
			if m.Type == "volume" && m.Source != "" {
				names = append(names, m.Source)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nothing says why there is nothing to release.
func (p *Proposal) nothing() error {
	e := &release.Error{
		Code: release.Invalid, What: "no service here can be released in two colors", State: "nothing was written",
		Next: "write teal.yaml by hand, with the services to be released under services",
	}
	for _, r := range p.Reasons {
		if name, shared := strings.CutPrefix(r.Key, "shared."); shared {
			e.Detail = append(e.Detail, clean(fmt.Sprintf("%s: %s: %s", r.Place, name, r.Why)))
		}
	}
	return e
}

// command proposes the release command: what runs to its end before a colored
// service starts, and is of that service's image.
func (p *Proposal) command() {
	for _, name := range p.Shared {
		job, _ := p.survey.Service(name)
		waiting := p.waitsFor(name)
		if waiting == "" {
			continue
		}
		same := p.sameImage(job, waiting)
		place := cmp.Or(job.Place("command"), job.Place(""))
		switch {
		case same == "" || job.OwnEntry || len(job.Argv) == 0 || job.Filled:
			p.note("%s: %s runs to its end before %s starts, but only at the first deploy, since shared services are not run again; "+
				"if each release needs it, name it under deploy.release", place, name, waiting)
		case p.App.Policy.Command == nil:
			p.App.Policy.Command = &release.Command{Service: same, Argv: job.Argv}
			p.because(Reason{Key: "deploy.release", Choice: strings.Join(job.Argv, " "), Place: place,
				Why: fmt.Sprintf("what %s runs before %s starts; in each release now", name, waiting)})
		}
	}
}

// waitsFor is a colored service that waits for the end of the job, "" if none
// does.
func (p *Proposal) waitsFor(job string) string {
	for _, s := range p.survey.Services {
		for _, need := range s.Needs {
			if need.Service == job && need.Condition == "service_completed_successfully" && p.colored[s.Name] {
				return s.Name
			}
		}
	}
	return ""
}

// sameImage is a colored service of the job's image or build: the one that
// waits for it, if it is of that.
func (p *Proposal) sameImage(job release.SurveyService, waiting string) string {
	found := ""
	for _, s := range p.survey.Services {
		same := job.Build != "" && s.Build == job.Build || job.Image != "" && s.Image == job.Image
		if p.colored[s.Name] && same && (found == "" || s.Name == waiting) {
			found = s.Name
		}
	}
	return found
}
