package compose

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// refuse returns the first thing in the files that can't run in two colors
// side by side, with its place and a fix.
func refuse(r reading) error {
	for _, c := range release.Colors {
		src := r.source(c)
		for _, s := range r.app.Services {
			if err := refuseNames(r, c, s, src); err != nil {
				return err
			}
		}
		if err := refuseUnknown(r, c, src); err != nil {
			return err
		}
		if err := refuseColored(r, c, src); err != nil {
			return err
		}
	}
	for _, name := range r.sharedNames() {
		if err := refuseShared(r.app, r.shared.Services[name], r.source(release.None)); err != nil {
			return err
		}
	}
	if err := refuseProxies(r); err != nil {
		return err
	}
	return refusePorts(r)
}

// refuseProxies wants the services that are nginx to be shared ones: nginx
// stands in front of both colors.
func refuseProxies(r reading) error {
	for _, p := range r.app.Proxies {
		switch {
		case p.Service == "" || r.isShared(p.Service):
			continue
		case isColored(r.app, p.Service):
			return &release.Error{
				Code: release.Invalid, What: fmt.Sprintf("service %s, which is the %s, runs in two colors", p.Service, p.Name()),
				Next: "take " + p.Service + " out of services in teal.yaml: it is then shared by both colors",
			}
		}
		return noSuchService(r.app, r.shared, r.source(release.None), p.Service)
	}
	return nil
}

// refuseNames wants the colored service in the color's files, and its colored
// names free.
func refuseNames(r reading, c release.Color, s release.Service, src source) error {
	p := r.colors[c]
	for replica := 1; replica <= s.Replicas; replica++ {
		name := s.NameOf(c, replica)
		if _, there := p.Services[name]; !there {
			return noSuchService(r.app, p, src, name)
		}
		for _, color := range release.Colors {
			if given := coloredName(name, color); p.Services[given].Name != "" {
				return invalid(src.at("services", given),
					fmt.Sprintf("service %s has the name that teal gives to %s in color %s", given, name, color), "rename the service")
			}
		}
	}
	if _, taken := r.shared.Services[s.Name]; taken && !isColored(r.app, s.Name) {
		return invalid(r.source(release.None).at("services", s.Name), fmt.Sprintf("the shared files and teal.yaml both have a service %s", s.Name), "rename the service in teal.yaml")
	}
	return nil
}

func noSuchService(app release.App, p *types.Project, src source, name string) error {
	e := &release.Error{Code: release.Invalid, What: "the compose file has no service " + name}
	if hasOwn(app) {
		e.What = fmt.Sprintf("%s has no service %s", src.called(), name)
	}
	if _, disabled := p.DisabledServices[name]; disabled {
		e.What = fmt.Sprintf("service %s is off: its profiles are not active", name)
		e.Next = "set COMPOSE_PROFILES, or take profiles off the service"
		return e
	}
	e.Detail = []string{"services: " + strings.Join(p.ServiceNames(), ", ")}
	if near := nearest(name, p.ServiceNames()); near != "" {
		e.Next = fmt.Sprintf("did you mean %s?", near)
	}
	return e
}

// refuseUnknown refuses a service that only one color's own files have:
// Complete has made a service of the app of every one that both have.
func refuseUnknown(r reading, c release.Color, src source) error {
	for _, name := range r.colors[c].ServiceNames() {
		if _, _, known := serviceOf(r.app, c, name); known || r.isShared(name) {
			continue
		}
		return invalid(src.at("services", name),
			fmt.Sprintf("service %s is only in the files of %s, and teal.yaml does not say what it is in %s", name, c, c.Other()),
			fmt.Sprintf("list it under services in teal.yaml, with compose: {%s: %s, %s: its name there}", c, name, c.Other()))
	}
	return nil
}

// refuseColored refuses what would tie a color to another container, to the
// host, or to data that only one process may open.
func refuseColored(r reading, c release.Color, src source) error {
	for _, name := range r.colors[c].ServiceNames() {
		s := r.colors[c].Services[name]
		if _, _, colored := serviceOf(r.app, c, name); !colored {
			continue
		}
		for _, tie := range ties(s) {
			if tie.text == hostNetwork && hasOwn(r.app) && r.app.Addresses == release.AddressesPorts {
				continue // each color's file gives it ports of its own
			}
			return invalid(src.at("services", name, tie.key),
				fmt.Sprintf("service %s has %s, which can't run in two colors", name, tie.text), tie.fix)
		}
		if s.Provider != nil {
			return invalid(src.at("services", name, "provider"),
				fmt.Sprintf("service %s comes from a provider, which can't run in two colors", name),
				"leave "+name+" out of services in teal.yaml: it is then shared by both colors")
		}
		if err := refuseDatabase(r, c, s, src); err != nil {
			return err
		}
	}
	return nil
}

// refuseShared refuses a shared service that holds on to one color's
// container.
func refuseShared(app release.App, s types.ServiceConfig, src source) error {
	for _, tie := range ties(s) {
		if isColored(app, tie.to) {
			return invalid(src.at("services", s.Name, tie.key),
				fmt.Sprintf("shared service %s has %s, but %s runs in two colors", s.Name, tie.text, tie.to),
				fmt.Sprintf("list %s under services in teal.yaml too, or take %s off", s.Name, tie.key))
		}
	}
	return nil
}

// tie is an option that binds a service to one particular container or to
// the host.
type tie struct {
	key  string // in the compose file
	text string // the option as written
	to   string // the service at the other end, if any
	fix  string
}

func ties(s types.ServiceConfig) []tie {
	var found []tie
	for _, link := range s.Links {
		to, _, _ := strings.Cut(link, ":")
		found = append(found, tie{"links", "links: " + link, to, "take links off: " + s.Name + " reaches " + to + " by its name without it"})
	}
	for _, from := range s.VolumesFrom {
		to, _, _ := strings.Cut(from, ":")
		found = append(found, tie{"volumes_from", "volumes_from: " + from, to, "name the volume under volumes in both services"})
	}
	for _, n := range []tie{{key: "network_mode", text: s.NetworkMode}, {key: "ipc", text: s.Ipc}, {key: "pid", text: s.Pid}, {key: "uts", text: s.Uts}} {
		if binds(n) {
			n.to, n.fix = strings.TrimPrefix(n.text, types.ServicePrefix), "take "+n.key+" off the service"
			n.text = n.key + ": " + n.text
			found = append(found, n)
		}
	}
	return found
}

// hostNetwork is the text of the tie to the host's network.
const hostNetwork = "network_mode: host"

// binds reports whether the namespace is another's. Any network_mode does: a
// color needs its own network and address.
func binds(n tie) bool {
	return n.text != "" && (n.key == "network_mode" || strings.HasPrefix(n.text, types.ServicePrefix) || strings.HasPrefix(n.text, types.ContainerPrefix))
}

// databases are images whose data directory only one process may open.
var databases = []string{
	"postgres", "postgis", "timescaledb", "pgvector", "mysql", "mariadb", "percona", "mongo", "mongodb", "redis", "valkey", "keydb",
	"rabbitmq", "elasticsearch", "opensearch", "influxdb", "clickhouse", "clickhouse-server", "cassandra", "scylla", "etcd", "neo4j", "couchdb", "meilisearch",
}

// refuseDatabase refuses a database whose data both colors would open at once
// while a release is under way.
func refuseDatabase(r reading, c release.Color, s types.ServiceConfig, src source) error {
	if !isDatabase(s.Image) {
		return nil
	}
	others := stores(r.colors[c.Other()])
	for _, v := range s.Volumes {
		if name := storeOf(r.colors[c], v); name != "" && others[name] {
			return invalid(src.at("services", s.Name, "volumes"),
				fmt.Sprintf("service %s is a database with data in %s, which two colors would open at once", s.Name, v.Target),
				"leave "+s.Name+" out of services in teal.yaml: it is then shared by both colors")
		}
	}
	return nil
}

// storeOf is the volume or the folder that is written to, "" for what a
// container has to itself or only reads.
func storeOf(p *types.Project, v types.ServiceVolumeConfig) string {
	switch {
	case v.Source == "" || v.ReadOnly:
		return ""
	case v.Type == types.VolumeTypeBind:
		return v.Source
	case v.Type == types.VolumeTypeVolume:
		return p.Volumes[v.Source].Name
	}
	return ""
}

// stores are those that any service of the project writes to.
func stores(p *types.Project) map[string]bool {
	out := map[string]bool{}
	for _, s := range p.Services {
		for _, v := range s.Volumes {
			out[storeOf(p, v)] = true
		}
	}
	return out
}

func invalid(at, what, next string) error {
	return &release.Error{Code: release.Invalid, What: at + ": " + what, Next: next}
}

// nearest is the known name that differs from name in the fewest letters, ""
// if none is near.
func nearest(name string, known []string) string {
	best, least := "", len(name)/2+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace to make b
// of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
