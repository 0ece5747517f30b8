package config

import (
	"strings"

	"teal/internal/release"
)

// maxReplicas bounds one service; what all of them may have together is
// bounded by the app's network.
const maxReplicas = 50

// serviceDraft is a colored service and where it stands.
type serviceDraft struct {
	release.Service
	at value
}

func (d *draft) readServices(v value) {
	v.entries(func(key, entry value) { d.services = append(d.services, readService(key, entry)) })
	if v.empty() || v.isMapping() && len(v.node.Content) == 0 {
		v.refuse("no services: list those that run once per color, as in services: {web: {port: 8080}}")
	}
}

func readService(key, v value) serviceDraft {
	s := release.Service{Name: key.node.Value, Replicas: 1, Health: defaultHealth()}
	if !serviceForm.MatchString(s.Name) {
		key.refuse("%q is not a service name: letters, digits, dots, dashes and underscores, 50 at most, a letter or digit first", s.Name)
	}
	v.object(fields{
		"port":     func(v value) { s.Port = v.integer(1, 65535) },
		"replicas": func(v value) { s.Replicas = max(1, v.integer(1, maxReplicas)) },
		"health":   func(v value) { s.Health = readHealth(v) },
	})
	if asksPort(s.Health) && s.Health.Port == 0 && !v.has("port") {
		v.refuse("%s: a %s health check needs a port: give the service one, or the check", v.title(), s.Health.Kind)
	}
	return serviceDraft{s, v}
}

// asksPort reports whether the health check connects to a port.
func asksPort(h release.Health) bool {
	return h.Kind == release.HealthHTTP || h.Kind == release.HealthTCP
}

// checkServices refuses names that would meet in Docker: host names there
// don't tell upper from lower case, and a service web becomes web-blue.
func (d *draft) checkServices() {
	taken := map[string]string{}
	for _, s := range d.services {
		lower := strings.ToLower(s.Name)
		if other, ok := taken[lower]; ok {
			s.at.refuse("services %q and %q have the same host name: rename one", other, s.Name)
		}
		taken[lower] = s.Name
	}
	for _, s := range d.services {
		for _, c := range release.Colors {
			if other, ok := taken[strings.ToLower(s.Name)+"-"+string(c)]; ok {
				s.at.refuse("service %q becomes %q when it is %s, and a service has that name: rename one", s.Name, other, c)
			}
		}
	}
}
