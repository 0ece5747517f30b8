package compose

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"go.yaml.in/yaml/v4"

	"teal/internal/release"
)

// Find returns the compose files that docker compose would take from the
// folder itself, absolute: the usual one and its override; none if there is
// none.
func Find(dir string) []string {
	file := firstFile(dir, cli.DefaultFileNames)
	if file == "" {
		return nil
	}
	if override := firstFile(dir, cli.DefaultOverrideFileNames); override != "" {
		return []string{file, override}
	}
	return []string{file}
}

// Pair returns the files by which somebody keeps the two colors apart by hand,
// absolute: docker-compose.blue.yml and docker-compose.green.yml or the like,
// and beside them those that both share; nil where there is no such pair.
func Pair(dir string) (shared []string, own map[release.Color][]string) {
	own = map[release.Color][]string{}
	for _, c := range release.Colors {
		if file := firstFile(dir, pairNames(c)); file != "" {
			own[c] = []string{file}
		}
	}
	if len(own) < len(release.Colors) {
		return nil, nil
	}
	return Find(dir), own
}

// pairNames are the usual names of a color's file.
func pairNames(c release.Color) []string {
	var names []string
	for _, base := range []string{"docker-compose", "compose"} {
		for _, mark := range []string{".", "-", "_"} {
			for _, ext := range []string{".yml", ".yaml"} {
				names = append(names, base+mark+string(c)+ext)
			}
		}
	}
	return names
}

func firstFile(dir string, names []string) string {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

// Survey reads the app's compose files and tells plainly what is in them. It
// needs no Docker engine. An app without a name is surveyed under the name
// that docker compose gives the project: by the environment, the file or the
// folder.
func Survey(ctx context.Context, app release.App) (release.Survey, error) {
	f := files{app}
	var project *types.Project
	notes, err := logged().during(func() (err error) {
		project, err = f.load(ctx, variables{})
		return err
	})
	if err != nil {
		return release.Survey{}, err
	}
	out := surveyor{app: app, project: project, source: f.source()}.survey()
	out.Notes = notes
	return out, nil
}

// surveyor tells what is in a loaded project.
type surveyor struct {
	app     release.App
	project *types.Project
	source  source
}

func (v surveyor) survey() release.Survey {
	out := release.Survey{Project: v.project.Name, Files: v.app.Compose}
	for _, name := range v.project.ServiceNames() {
		out.Services = append(out.Services, v.service(v.project.Services[name]))
	}
	for name := range v.project.DisabledServices {
		out.Off = append(out.Off, name)
	}
	slices.Sort(out.Off)
	out.Subnets = subnetsOf(v.project)
	return out
}

func (v surveyor) service(s types.ServiceConfig) release.SurveyService {
	out := release.SurveyService{
		Name: s.Name, Image: s.Image, Database: isDatabase(s.Image), Container: s.ContainerName, Addresses: addressesOf(s),
		Argv: slices.Concat(s.Entrypoint, s.Command), OwnEntry: len(s.Entrypoint) > 0,
		Filled:   v.filled(s.Name, "command") || v.filled(s.Name, "entrypoint"),
		Provider: s.Provider != nil, Restart: restartOf(s), Replicas: replicasOf(s),
		Mounts: v.mounts(s), Needs: needsOf(s), Mentions: v.mentions(s), Ties: tiesOf(s), Places: v.places(s.Name),
	}
	if s.Build != nil {
		out.Build = v.source.name(cmp.Or(s.Build.Context, "."))
	}
	if s.StopGracePeriod != nil {
		out.Grace = time.Duration(*s.StopGracePeriod)
	}
	if port := s.Environment["PORT"]; port != nil {
		out.PortVar = portNumber(*port)
	}
	out.Ports, out.Expose = portsOf(s)
	out.Check, out.CheckTime = checkOf(s.HealthCheck)
	return out
}

// subnetsOf are those that the files give their networks.
func subnetsOf(p *types.Project) []string {
	var found []string
	for _, n := range p.Networks {
		for _, pool := range n.Ipam.Config {
			if pool != nil && pool.Subnet != "" {
				found = append(found, pool.Subnet)
			}
		}
	}
	slices.Sort(found)
	return found
}

func addressesOf(s types.ServiceConfig) []string {
	var found []string
	for _, n := range s.Networks {
		if n != nil && n.Ipv4Address != "" {
			found = append(found, n.Ipv4Address)
		}
	}
	slices.Sort(found)
	return found
}

func isDatabase(image string) bool {
	return slices.Contains(databases, release.SurveyService{Image: image}.ImageName())
}

func restartOf(s types.ServiceConfig) string {
	if s.Restart == "" && s.Deploy != nil && s.Deploy.RestartPolicy != nil {
		return s.Deploy.RestartPolicy.Condition
	}
	return s.Restart
}

func replicasOf(s types.ServiceConfig) int {
	switch {
	case s.Scale != nil:
		return max(1, *s.Scale)
	case s.Deploy != nil && s.Deploy.Replicas != nil:
		return max(1, *s.Deploy.Replicas)
	}
	return 1
}

func portsOf(s types.ServiceConfig) (ports []release.SurveyPort, expose []int) {
	for _, p := range s.Ports {
		ports = append(ports, release.SurveyPort{Target: int(p.Target), Published: p.Published, Host: p.HostIP, Protocol: p.Protocol})
	}
	for _, e := range s.Expose {
		if n := portNumber(strings.TrimSuffix(e, "/tcp")); n > 0 {
			expose = append(expose, n)
		}
	}
	return ports, expose
}

// portNumber is 0 for what isn't one port.
func portNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}

// checkOf is how long Docker may take to decide, by its own defaults (docker
// run --help, health-*): start period, then as many intervals as retries.
func checkOf(h *types.HealthCheckConfig) (bool, time.Duration) {
	if h == nil || h.Disable || len(h.Test) == 0 || h.Test[0] == "NONE" {
		return false, 0
	}
	or := func(d *types.Duration, usual time.Duration) time.Duration {
		if d == nil {
			return usual
		}
		return time.Duration(*d)
	}
	retries := uint64(3)
	if h.Retries != nil {
		retries = min(*h.Retries, 1000)
	}
	once := or(h.Interval, 30*time.Second) + or(h.Timeout, 30*time.Second)
	return true, or(h.StartPeriod, 0) + time.Duration(retries)*once
}

func (v surveyor) mounts(s types.ServiceConfig) []release.SurveyMount {
	var found []release.SurveyMount
	for _, m := range s.Volumes {
		out := release.SurveyMount{Type: m.Type, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly}
		if m.Type == types.VolumeTypeBind {
			info, err := os.Stat(m.Source)
			out.File = err == nil && info.Mode().IsRegular()
			out.Source = v.source.name(m.Source)
		}
		found = append(found, out)
	}
	return found
}

func needsOf(s types.ServiceConfig) []release.SurveyNeed {
	var found []release.SurveyNeed
	for _, name := range s.GetDependencies() {
		found = append(found, release.SurveyNeed{Service: name, Condition: s.DependsOn[name].Condition})
	}
	slices.SortFunc(found, func(a, b release.SurveyNeed) int { return cmp.Compare(a.Service, b.Service) })
	return found
}

func tiesOf(s types.ServiceConfig) []release.SurveyTie {
	var found []release.SurveyTie
	for _, t := range ties(s) {
		found = append(found, release.SurveyTie{Key: t.key, Text: t.text, To: t.to, Fix: t.fix})
	}
	return found
}

// placed are the keys of a service whose places are told.
var placed = []string{
	"image", "build", "command", "entrypoint", "environment", "ports", "expose", "healthcheck", "volumes", "depends_on", "links", "volumes_from",
	"network_mode", "ipc", "pid", "uts", "container_name", "restart", "stop_grace_period", "deploy",
}

func (v surveyor) places(service string) map[string]string {
	at := map[string]string{"": v.source.at("services", service)}
	for _, key := range placed {
		if node, _ := v.source.find("services", service, key); node != nil {
			at[key] = v.source.at("services", service, key)
		}
	}
	return at
}

// filled reports whether the key's text holds a variable, which may be a
// secret.
func (v surveyor) filled(service, key string) bool {
	for i := len(v.source.files) - 1; i >= 0; i-- {
		if _, node := descend(v.source.files[i].root, []string{"services", service, key}); node != nil {
			return strings.Contains(node.Value, "$") ||
				slices.ContainsFunc(node.Content, func(item *yaml.Node) bool { return strings.Contains(item.Value, "$") })
		}
	}
	return false
}

// mentions are the services that the environment or the arguments of s name
// as a host.
func (v surveyor) mentions(s types.ServiceConfig) []string {
	var found []string
	for _, name := range v.project.ServiceNames() {
		if name != s.Name && calls(s, name) {
			found = append(found, name)
		}
	}
	return found
}

// hostVariable matches names of variables whose whole value is a host.
var hostVariable = regexp.MustCompile(`(?i)(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|UPSTREAM|BACKEND|URL)$`)

func calls(s types.ServiceConfig, name string) bool {
	n := regexp.QuoteMeta(name)
	// In a URL's authority, or before a port: //web, @web, web:8080.
	host := regexp.MustCompile(`(//|@)` + n + `($|[/:?,])|(^|[\s,=])` + n + `:[0-9]`)
	for key, value := range s.Environment {
		if value != nil && (host.MatchString(*value) || *value == name && hostVariable.MatchString(key)) {
			return true
		}
	}
	return slices.ContainsFunc(slices.Concat(s.Entrypoint, s.Command), host.MatchString)
}
