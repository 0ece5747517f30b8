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

func (d *draft) servicesKey() key {
	return custom("services", servicesSchema, d.readServices,
		"The colored services: those that run once per color. Each is named as in the compose file. All others are shared: they run once, and no deploy recreates them.").
		must("no services: list those that run once per color, as in services: {web: {port: 8080}}")
}

func servicesSchema() schema {
	s := named("NAME", serviceForm.String(), service().schema())
	s.Title, s.Type, s.MinKeys = "mapping, NAME: a service", "object", 1
	return s
}

func (d *draft) readServices(v value) {
	v.entries(func(key, entry value) { d.services = append(d.services, readService(key, entry)) })
	if v.empty() || v.isMapping() && len(v.node.Content) == 0 {
		v.refuse("no services: list those that run once per color, as in services: {web: {port: 8080}}")
	}
}

func readService(key, v value) serviceDraft {
	if !serviceForm.MatchString(key.node.Value) {
		key.refuse("%q is not a service name: %s", key.node.Value, serviceHint)
	}
	s := service().read(v)
	s.Name = key.node.Value
	if asksPort(s.Health) && s.Health.Port == 0 && !v.has("port") {
		v.refuse("%s: a %s health check needs a port: give the service one, or the check", v.title(), s.Health.Kind)
	}
	return serviceDraft{s, v}
}

const serviceHint = "letters, digits, dots, dashes and underscores, 50 at most, a letter or digit first"

// serviceName is a service's name as a value.
func serviceName() kind[string] {
	return matched("service name", serviceForm, "a service name: "+serviceHint)
}

func service() kind[release.Service] {
	return object(release.Service{Replicas: 1, Health: defaultHealth()}, serviceKeys, checkService)
}

func serviceKeys(s *release.Service) []key {
	return []key{
		set("port", &s.Port, port(), "The container's port that nginx talks to. A service that a route leads to needs one; a worker has none."),
		set("replicas", &s.Replicas, number(1, maxReplicas), "How many containers of it run in each color."),
		set("health", &s.Health, health(),
			"When a new replica is ready for traffic. Without it, the image's HEALTHCHECK if there is one, or else a TCP connection to the port, or else a container that stays up."),
		set("handoff", &s.Handoff, choice(
			word[release.Handoff]{"overlap", release.HandoffOverlap},
			word[release.Handoff]{"stop-first", release.HandoffStopFirst}),
			"Whether both colors of it may run at the same time. A scheduler that must never run twice is stopped first (`stop-first`); no route may lead to it."),
		custom("compose", perColor(ownNames(), ownAbout).schema, func(v value) { readOwnNames(v, s) },
			"The service's names in the colors' own compose files, where `compose` names such files.").
			usually("NAME in both"),
		set("ports", &s.HostPorts, perColor(hostPorts(), "The loopback ports of %s's replicas."),
			"The loopback ports at which nginx reaches the replicas where `addresses` is `ports`: one for each replica, none twice.").
			usually("those that the colors' own compose files publish"),
	}
}

// checkService keeps the number fit for what is counted later.
func checkService(s *release.Service, _ value) {
	s.Replicas = max(1, s.Replicas)
}

// hostPorts is a port, or a list of them.
func hostPorts() kind[[]int] {
	return kind[[]int]{
		schema: func() schema { return either("port or list of ports", port().schema(), filled(port().schema())) },
		read: func(v value) []int {
			if !v.isList() {
				return []int{port().read(v)}
			}
			ports := list(port()).read(v)
			if ports == nil {
				v.refuse("%s: the list is empty: name a port for each replica", v.title())
			}
			return ports
		},
	}
}

// asksPort reports whether the health check connects to a port.
func asksPort(h release.Health) bool {
	return h.Kind == release.HealthHTTP || h.Kind == release.HealthTCP
}

func (d *draft) serviceNames() []string {
	var names []string
	for _, s := range d.services {
		names = append(names, s.Name)
	}
	return names
}

// checkServices refuses services that can't be in one app.
func (d *draft) checkServices() {
	d.checkNames()
	d.checkOwnNames()
	d.checkPorts()
}

// checkNames refuses names that would meet in Docker: host names there don't
// tell upper from lower case, and a service web becomes web-blue.
func (d *draft) checkNames() {
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
