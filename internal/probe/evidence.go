package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// evidence looks for what makes the last answer bad, and for a hint.
func (p *Prober) evidence(ctx context.Context, g *gate, a answer) (detail []string, next string) {
	detail, next = p.byFault(ctx, g, a)
	return append(detail, p.dockerSays(ctx, g)...), next
}

func (p *Prober) byFault(ctx context.Context, g *gate, a answer) (detail []string, next string) {
	service := g.target.Slot.Service
	switch a.fault {
	case refused, unreachable, broken:
		return p.notListening(ctx, g)
	case redirect, wrongStatus, wrongBody, garbled:
		return wrongAnswer(ctx, g, a)
	case failedExec, engineFault:
		return execEvidence(service, a)
	case silent:
		return p.silence(ctx, g)
	case unaskable:
		return nil, fmt.Sprintf("give %s another health check in teal.yaml, such as health: {http: /healthz} or health: {tcp: true}", service)
	}
	return nil, fmt.Sprintf("if %s needs longer, raise health.timeout (now %s) in teal.yaml", service, limit(g.target.Health.Timeout))
}

// silence tells a server that is slow from one that isn't there: a connection
// that nothing accepts may be dropped instead of refused.
func (p *Prober) silence(ctx context.Context, g *gate) (detail []string, next string) {
	next = fmt.Sprintf("if %s needs longer, raise health.timeout (now %s) or health.request (now %s) in teal.yaml",
		g.target.Slot.Service, limit(g.target.Health.Timeout), limit(g.target.Health.Request))
	r, err := p.reach(ctx, g)
	if err != nil || slices.Contains(r.open, inside(g.target)) {
		return nil, next
	}
	return p.notListening(ctx, g)
}

// reach is what the container listens on; an error where that can't be seen.
func (p *Prober) reach(ctx context.Context, g *gate) (reach, error) {
	c, err := p.containers.Inspect(ctx, g.target.Container.ID)
	if err != nil {
		return reach{}, err
	}
	if c.PID == 0 {
		return reach{}, fmt.Errorf("%s does not run", g.name())
	}
	sockets, err := listeners(c.PID)
	return reachOf(sockets), err
}

// notListening says what the container does listen on.
func (p *Prober) notListening(ctx context.Context, g *gate) (detail []string, next string) {
	service, port := g.target.Slot.Service, inside(g.target)
	next = fmt.Sprintf("make %s listen on 0.0.0.0:%d, or set its port in teal.yaml to the one it uses", service, port)
	r, err := p.reach(ctx, g)
	if err != nil {
		return nil, next
	}
	if asked := int(portFor(g.target)); asked != port && slices.Contains(r.open, port) {
		return []string{fmt.Sprintf("it listens on port %d, and nothing on this machine leads from %d there", port, asked)},
			fmt.Sprintf("publish it in the color's compose file: ports: [\"127.0.0.1:%d:%d\"]", asked, port)
	}
	return listening(service, port, r, next)
}

// inside is the port that the container should listen on.
func inside(t release.Target) int {
	if t.Inside != 0 {
		return t.Inside
	}
	return int(portFor(t))
}

func listening(service string, port int, r reach, next string) ([]string, string) {
	switch {
	case slices.Contains(r.open, port):
		return []string{fmt.Sprintf("it listens on port %d by now", port)},
			fmt.Sprintf("if %s needs longer, raise health.timeout in teal.yaml", service)
	case slices.Contains(r.loopback, port):
		return []string{fmt.Sprintf("it listens on 127.0.0.1:%d only, where nothing outside the container reaches it", port)},
			fmt.Sprintf("bind 0.0.0.0:%d instead of 127.0.0.1:%d in %s", port, port, service)
	case len(r.open) > 0:
		return []string{fmt.Sprintf("it listens on %s, not on port %d", ports(r.open), port)},
			fmt.Sprintf("set port: %d for %s in teal.yaml, or make it listen on %d", r.open[0], service, port)
	case len(r.loopback) > 0:
		return []string{fmt.Sprintf("it listens on %s of 127.0.0.1 only, not on port %d", ports(r.loopback), port)}, next
	}
	return []string{"it listens on no TCP port"}, next
}

func ports(list []int) string {
	var words []string
	for _, p := range list {
		words = append(words, strconv.Itoa(p))
	}
	if len(words) == 1 {
		return "port " + words[0]
	}
	return "ports " + strings.Join(words, ", ")
}

func execEvidence(service string, a answer) (detail []string, next string) {
	if a.output != "" {
		detail = []string{"it printed: " + a.output}
	}
	if a.fault == engineFault || a.exit == 126 || a.exit == 127 {
		return detail, fmt.Sprintf("the image may not have that program; health: {http: /healthz} for %s in teal.yaml needs none", service)
	}
	return detail, "fix what the check and the log say, then run teal deploy again"
}

// dockerSays is what Docker itself thinks of the container's health, where it
// has an opinion.
func (p *Prober) dockerSays(ctx context.Context, g *gate) []string {
	if g.target.Container.ID == "" {
		return nil
	}
	c, err := p.containers.Inspect(ctx, g.target.Container.ID)
	switch {
	case err != nil:
		return nil
	case c.Status == "paused":
		return []string{"the container is paused"}
	case c.Health == "unhealthy", c.Health == "healthy":
		return []string{"Docker calls it " + c.Health}
	}
	return nil
}
