package adopt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// debuggers listen there (node, JVM, delve, debugpy); never to be served.
var debuggers = []int{9229, 5005, 2345, 5678}

// usual are ports of images whose compose entries often name none.
var usual = map[string]int{
	"nginx": 80, "nginx-unprivileged": 8080, "httpd": 80, "wordpress": 80, "nextcloud": 80, "ghost": 2368, "whoami": 80,
}

// portOf is the container port to talk HTTP to, 0 for a service without, and
// how it is known: why, and by which key of the compose file.
func portOf(s release.SurveyService) (port int, why, key string) {
	if p, ok := bestPort(s.Ports); ok {
		if p.Published == "" {
			return p.Target, "from ports", "ports"
		}
		return p.Target, fmt.Sprintf("from ports: %s:%d", p.Listen(), p.Target), "ports"
	}
	for _, n := range s.Expose {
		if !slices.Contains(debuggers, n) {
			return n, "from expose", "expose"
		}
	}
	if s.PortVar > 0 {
		return s.PortVar, "from the environment variable PORT", "environment"
	}
	if n := usual[s.ImageName()]; n > 0 && s.Build == "" {
		return n, "where image " + s.Image + " listens", "image"
	}
	return 0, "", ""
}

// bestPort is the port most likely to speak plain HTTP: not a debugger's, not
// HTTPS, published rather than not, the first of those.
func bestPort(ports []release.SurveyPort) (release.SurveyPort, bool) {
	best, most := release.SurveyPort{}, 0
	for _, p := range ports {
		if p.Protocol != "" && p.Protocol != "tcp" || slices.Contains(debuggers, p.Target) {
			continue
		}
		score := 1
		if p.Published != "" {
			score += 2
		}
		if p.Target != 443 && p.Target != 8443 {
			score += 4
		}
		if score > most {
			best, most = p, score
		}
	}
	return best, most > 0
}

// published are the host's addresses of the service's port, as site.listen
// has them.
func published(s release.SurveyService, port int) []string {
	var list []string
	for _, p := range s.Ports {
		if _, err := strconv.ParseUint(p.Published, 10, 16); err == nil && p.Target == port && p.Protocol != "udp" {
			list = append(list, p.Listen())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// hostPorts are the fixed ports of the host that an entry of ports takes: one,
// a range, or none.
func hostPorts(p release.SurveyPort) []int {
	from, to, isRange := strings.Cut(p.Published, "-")
	first, err := strconv.ParseUint(from, 10, 16)
	if err != nil {
		return nil
	}
	last := first
	if isRange {
		if last, err = strconv.ParseUint(to, 10, 16); err != nil {
			return nil
		}
	}
	var ports []int
	for port := first; port <= last; port++ {
		ports = append(ports, int(port))
	}
	return ports
}
