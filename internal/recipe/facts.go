package recipe

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// facts are what the templates are filled with.
type facts struct {
	App      string
	Teal     string   // how teal is called from the repository's root
	File     string   // teal.yaml, from there
	Sources  string   // the compose files, in words
	URL      string   // of the site, "" where it has no host
	Host     string   // the machine, as an example of one
	Folder   string   // where the repository lies on the machine, by custom
	There    string   // teal.yaml on the machine, in that folder
	Secrets  []string // variables that hold addresses and secrets of notify
	Versions []string // variables of the compose files that name the version
	Others   []Variable
	Verdicts []Verdict
	Waits    []string // what a deploy may wait for, where that is longer than CodeDeploy's limit
}

// Given are the variables that the recipe sets.
func (f facts) Given() []string { return slices.Concat(f.Versions, f.Secrets) }

// Variable is one that the compose files are interpolated with, and that no CI
// system knows: a person has to say what it is.
type Variable struct {
	Name   string
	Secret bool // it seems to hold one
}

// Verdict says what an exit code of teal means for a job.
type Verdict struct {
	Code  int
	Title string
	Text  string
}

// verdicts hold no quotes: they stand in those of YAML, Groovy and the shell.
func verdicts(app string) []Verdict {
	return []Verdict{
		{2, "configuration", "a mistake in teal.yaml, a compose file or the command line: nothing was changed"},
		{3, "a gate failed", "the new release of " + app + " never got ready: it is taken away, traffic is where it was"},
		{4, "locked", "another deploy of " + app + " runs: wait for its end, then run this job again"},
		{5, "unreachable", "Docker, nginx or the host can not be reached: traffic is where it was"},
		{130, "interrupted", "the deploy was interrupted and undone: traffic is where it was"},
	}
}

// The alphabets of what isn't parsed by teal.yaml's reader.
var (
	pathForm     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/+-]*$`)
	variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	versionForm  = regexp.MustCompile(`^(?:(.*)_)?(?:version|tag|sha|commit|revision)$`)
	secretForm   = regexp.MustCompile(`(?i)(password|passwd|secret|token|key|credential|dsn|_url$)`)
)

// hookLimit is how long CodeDeploy's hook waits, as the recipe has it.
const hookLimit = 180 * time.Second

func gather(s System, app release.App, at Place) (facts, error) {
	for _, p := range append([]string{at.File}, at.Compose...) {
		if !pathForm.MatchString(p) {
			return facts{}, &release.Error{
				Code: release.Invalid, What: fmt.Sprintf("a recipe can't hold the path %q: only letters, digits and - . _ + / can stand in one, below the repository's root", p),
				State: "nothing was written", Next: "give the file another name or place, then teal ci",
			}
		}
	}
	f := facts{
		App: app.Name, Teal: "teal", File: at.File, Sources: sources(at), Host: "host.example",
		Folder: "/srv/" + app.Name, There: path.Join("/srv", app.Name, at.File),
		Secrets: secrets(app), Verdicts: verdicts(app.Name), Waits: waits(app),
	}
	if at.File != "teal.yaml" && at.File != "teal.yml" {
		f.Teal = "teal -f " + at.File
	}
	if host := firstHost(app); host != "" {
		f.Host, f.URL = host, scheme(app)+host
	}
	f.sort(s, app, at.Variables)
	return f, nil
}

// own is what the names of the variables begin with that a system sets itself.
var own = map[System]string{GitHub: "GITHUB_", GitLab: "CI_"}

// sort tells the variables that the system knows a value for from the others.
func (f *facts) sort(s System, app release.App, names []string) {
	for _, name := range names {
		switch {
		case !variableForm.MatchString(name), slices.Contains(f.Secrets, name):
		case own[s] != "" && strings.HasPrefix(name, own[s]):
		case namesVersion(app, name):
			f.Versions = append(f.Versions, name)
		default:
			f.Others = append(f.Others, Variable{name, secretForm.MatchString(name)})
		}
	}
}

// general are words that a version's name may begin with and still be the
// app's own.
var general = []string{"", "app", "image", "docker", "docker_image", "container", "build", "release", "deploy", "git", "git_commit", "commit", "ci_commit", "github"}

// namesVersion reports whether a variable names the version of the app's own
// code: TAG, IMAGE_TAG, WEB_VERSION for a service web. POSTGRES_VERSION of a
// database beside it doesn't, and a commit there would be an image that is
// nowhere.
func namesVersion(app release.App, name string) bool {
	m := versionForm.FindStringSubmatch(strings.ToLower(name))
	if m == nil {
		return false
	}
	words := append([]string{app.Name}, general...)
	for _, svc := range app.Services {
		words = append(words, svc.Name)
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToLower(w)) == m[1]
	})
}

// sources names the compose files that lie in the repository.
func sources(at Place) string {
	if len(at.Compose) == 0 {
		return "The compose files"
	}
	return "The compose files (" + strings.Join(at.Compose, ", ") + ")"
}

// firstHost is a host that a browser can be sent to.
func firstHost(app release.App) string {
	for _, h := range app.Site.Hosts {
		if !strings.Contains(h, "*") {
			return h
		}
	}
	return ""
}

func scheme(app release.App) string {
	if app.Site.TLS != nil {
		return "https://"
	}
	return "http://"
}

// secrets are the variables that notify reads.
func secrets(app release.App) []string {
	var names []string
	for _, n := range app.Notify {
		for _, name := range []string{n.URL.Env, n.Key.Env} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// waits lists the longest waits of a deploy where they may add up to more
// than CodeDeploy's hook has.
func waits(app release.App) []string {
	health := time.Duration(0)
	for _, s := range app.Services {
		health = max(health, s.Health.Timeout)
	}
	list := []string{fmt.Sprintf("health %s", health), fmt.Sprintf("drain %s, of streams %s", app.Policy.Drain.Timeout, app.Policy.Drain.Streams)}
	sum := health + max(app.Policy.Drain.Timeout, app.Policy.Drain.Streams)
	if c := app.Policy.Command; c != nil {
		list = append(list, fmt.Sprintf("release command %s", c.Timeout))
		sum += c.Timeout
	}
	if sum <= hookLimit {
		return nil
	}
	return list
}
