package adopt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// kinds are images of other people's that keep no release of the app's, by
// what they are. Databases are told by the survey.
var kinds = map[string][]string{
	"a cache":                  {"memcached"},
	"another proxy":            {"traefik", "haproxy", "caddy", "envoy", "nginx-proxy", "docker-gen", "acme-companion", "certbot", "oauth2-proxy"},
	"a catcher of mail":        {"mailhog", "mailpit", "maildev", "mailcatcher"},
	"an administration page":   {"adminer", "phpmyadmin", "pgadmin4", "redis-commander", "redisinsight", "mongo-express", "portainer", "portainer-ce", "dozzle"},
	"monitoring":               {"prometheus", "grafana", "loki", "promtail", "jaeger", "all-in-one", "opentelemetry-collector", "alertmanager", "node-exporter", "cadvisor"},
	"a message broker":         {"kafka", "cp-kafka", "zookeeper", "nats", "redpanda", "activemq", "mosquitto"},
	"a store of objects":       {"minio", "localstack", "azurite", "fake-gcs-server"},
	"a store of secrets":       {"vault", "consul"},
	"a scheduler of its own":   {"ofelia"},
	"an updater of containers": {"watchtower"},
}

// sort decides for each service whether it is colored or shared.
func (p *Proposal) sort() {
	for _, s := range p.survey.Services {
		if why, key := p.whyShared(s); why != "" && !p.paired(s.Name) {
			p.Shared = append(p.Shared, s.Name)
			p.because(Reason{Key: "shared." + s.Name, Choice: "shared", Why: why, Place: s.Place(key)})
			continue
		}
		p.color(s)
	}
}

// whyShared says why the service can't or shouldn't be released in two colors,
// and by which key of the compose file; "" if it may.
func (p *Proposal) whyShared(s release.SurveyService) (why, key string) {
	for _, tie := range s.Ties {
		if tie.Key != "links" && tie.Key != "volumes_from" {
			return tie.Text + " can't be in two colors", tie.Key
		}
	}
	switch {
	case !serviceForm.MatchString(s.Name):
		return "its name has letters that a colored service can't have; rename it to release it", ""
	case s.Provider:
		return "it comes from a provider", ""
	case s.Database:
		return "image " + s.Image + " is a database", "image"
	case front(s):
		return "it is the nginx in front: teal switches the colors in it", "image"
	case kind(s) != "":
		return "image " + s.Image + " is " + kind(s), "image"
	}
	if waiting := p.awaitedBy(s.Name); waiting != "" {
		return "it runs to its end before " + waiting + " starts", "command"
	}
	if volume := p.ownVolume(s); volume != "" {
		return "it alone keeps data in volume " + volume + ", which two colors would write at once", "volumes"
	}
	return "", ""
}

func kind(s release.SurveyService) string {
	for what, images := range kinds {
		if slices.Contains(images, s.ImageName()) {
			return what
		}
	}
	return ""
}

// front reports whether the service is an nginx that is told by files from
// outside of its image what to serve.
func front(s release.SurveyService) bool {
	if s.Build != "" || !slices.Contains([]string{"nginx", "nginx-unprivileged", "openresty"}, s.ImageName()) {
		return false
	}
	return slices.ContainsFunc(s.Mounts, func(m release.SurveyMount) bool { return strings.HasPrefix(m.Target, "/etc/nginx") })
}

func (p *Proposal) awaitedBy(name string) string {
	for _, s := range p.survey.Services {
		if slices.Contains(s.Needs, release.SurveyNeed{Service: name, Condition: "service_completed_successfully"}) {
			return s.Name
		}
	}
	return ""
}

// ownVolume is a named volume that this service writes and no other one
// mounts. One that several services have open bears two colors as well.
func (p *Proposal) ownVolume(s release.SurveyService) string {
	for _, m := range s.Written() {
		others := slices.ContainsFunc(p.survey.Services, func(o release.SurveyService) bool {
			return o.Name != s.Name && slices.ContainsFunc(o.Mounts, func(om release.SurveyMount) bool {
				return om.Type == "volume" && om.Source == m.Source
			})
		})
		if !others {
			return m.Source
		}
	}
	return ""
}

// color adds a colored service.
func (p *Proposal) color(s release.SurveyService) {
	out := release.Service{Name: s.Name, Replicas: s.Replicas}
	key := "services." + s.Name
	port, portWhy, portKey := portOf(s)
	out.Port = port
	p.because(Reason{Key: key, Choice: "colored", Why: origin(s) + p.calling(s), Place: s.Place("")})
	if port > 0 {
		p.because(Reason{Key: key + ".port", Choice: fmt.Sprint(port), Why: portWhy, Place: s.Place(portKey)})
	}
	if clock := s.Clock(); clock != "" && port == 0 {
		out.Handoff = release.HandoffStopFirst
		p.because(Reason{Key: key + ".handoff", Choice: "stop-first", Why: "a scheduler (it " + clock + "): one at a time, so the old one stops first", Place: s.Place("command")})
	}
	out.Health = p.health(s, key, port)
	if p.paired(s.Name) {
		p.pairNames(&out)
	}
	p.App.Services = append(p.App.Services, out)
	p.colored[s.Name] = true
}

func origin(s release.SurveyService) string {
	if s.Build != "" {
		return "built from " + s.Build
	}
	return "image " + s.Image + " keeps no data of its own here"
}

func (p *Proposal) calling(s release.SurveyService) string {
	if n := len(s.Written()); n > 0 {
		return "; volume " + s.Written()[0].Source + " is open to several services already"
	}
	return ""
}

// usualTimeout is what teal gives a health check.
const usualTimeout = 60 * time.Second

// health takes the compose file's check where there is one. Nothing else is
// guessed: a path that answers 404 would refuse every release.
func (p *Proposal) health(s release.SurveyService, key string, port int) release.Health {
	if !s.Check {
		p.unchecked(s, port)
		return release.Health{}
	}
	p.because(Reason{Key: key + ".health", Choice: "docker", Why: "the compose file has a healthcheck", Place: s.Place("healthcheck")})
	h := release.Health{Kind: release.HealthDocker}
	if s.CheckTime > usualTimeout {
		h.Timeout = min(s.CheckTime, 24*time.Hour).Round(time.Second)
	}
	return h
}

// unchecked says what a service without a check is asked for, which depends on
// whether it has a port. nginx may tell that later than the compose files.
func (p *Proposal) unchecked(s release.SurveyService, port int) {
	why := "a worker is healthy while it stays up, unless the image has one"
	if port > 0 {
		why = "asked for a TCP connection, unless the image has one; better: health: {http: /PATH}"
	}
	p.because(Reason{Key: "services." + s.Name + ".health", Choice: "default", Why: "no healthcheck here: " + why, Place: s.Place("")})
}
