package compose

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// refuse returns the first thing in the project that can't run in two colors
// side by side, with its place and a fix.
func refuse(app release.App, p *types.Project, src source) error {
	for _, s := range app.Services {
		if err := refuseName(p, src, s.Name); err != nil {
			return err
		}
	}
	for _, name := range p.ServiceNames() {
		service := p.Services[name]
		check := refuseShared
		if _, colored := app.Service(name); colored {
			check = refuseColored
		}
		if err := check(app, service, src); err != nil {
			return err
		}
	}
	return nil
}

// refuseName wants the colored service in the file, and its colored names
// free.
func refuseName(p *types.Project, src source, name string) error {
	if _, there := p.Services[name]; !there {
		return noSuchService(p, name)
	}
	for _, c := range release.Colors {
		if _, taken := p.Services[coloredName(name, c)]; taken {
			return invalid(src.at("services", coloredName(name, c)),
				fmt.Sprintf("service %s has the name that teal gives to %s in color %s", coloredName(name, c), name, c),
				"rename the service")
		}
	}
	return nil
}

func noSuchService(p *types.Project, name string) error {
	e := &release.Error{Code: release.Invalid, What: fmt.Sprintf("the compose file has no service %s", name)}
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

// refuseColored refuses what would tie a color to another container, to the
// host's ports, or to data that only one process may open.
func refuseColored(app release.App, s types.ServiceConfig, src source) error {
	for _, tie := range ties(s) {
		return invalid(src.at("services", s.Name, tie.key),
			fmt.Sprintf("service %s has %s, which can't run in two colors", s.Name, tie.text), tie.fix)
	}
	if s.Provider != nil {
		return invalid(src.at("services", s.Name, "provider"),
			fmt.Sprintf("service %s comes from a provider, which can't run in two colors", s.Name),
			"leave "+s.Name+" out of services in teal.yaml: it is then shared by both colors")
	}
	return refuseDatabase(s, src)
}

// refuseShared refuses a shared service that holds on to one color's
// container.
func refuseShared(app release.App, s types.ServiceConfig, src source) error {
	for _, tie := range ties(s) {
		if _, colored := app.Service(tie.to); colored {
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

// refuseDatabase refuses a database with its data in a volume: both colors
// would open it at once while a release is under way.
func refuseDatabase(s types.ServiceConfig, src source) error {
	name, _, _ := strings.Cut(path.Base(s.Image), ":")
	if !slices.Contains(databases, name) {
		return nil
	}
	for _, v := range s.Volumes {
		if v.Source != "" && !v.ReadOnly && (v.Type == types.VolumeTypeVolume || v.Type == types.VolumeTypeBind) {
			return invalid(src.at("services", s.Name, "volumes"),
				fmt.Sprintf("service %s is a database with data in %s, which two colors would open at once", s.Name, v.Target),
				"leave "+s.Name+" out of services in teal.yaml: it is then shared by both colors")
		}
	}
	return nil
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
