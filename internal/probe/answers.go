package probe

import (
	"context"
	"fmt"
	"strings"

	"teal/internal/release"
)

// wrongAnswer explains an HTTP answer that came but wasn't wanted.
func wrongAnswer(ctx context.Context, g *gate, a answer) (detail []string, next string) {
	q, ok := g.question.(*httpQuestion)
	if !ok {
		return nil, ""
	}
	detail = []string{"asked with Host: " + q.host}
	if a.output != "" {
		detail = append(detail, "the answer's body: "+a.output)
	}
	if host, line := otherHost(ctx, g, q, a); host != "" {
		return append(detail, line), fmt.Sprintf("set health: {http: %s, host: %s} for %s in teal.yaml",
			q.health.Path, host, g.target.Slot.Service)
	}
	return detail, answerHint(g.target, q, a)
}

// otherHost asks once more with the other Hosts an application may want, and
// returns the first that is answered well.
func otherHost(ctx context.Context, g *gate, q *httpQuestion, a answer) (host, line string) {
	if a.fault == garbled {
		return "", ""
	}
	for _, h := range []string{g.target.Host, addrFor(g.target), "localhost"} {
		if h == "" || h == q.host {
			continue
		}
		if b := newHTTP(g.target, h).ask(ctx); b.good {
			return h, fmt.Sprintf("it answers %d with Host: %s", b.status, h)
		}
	}
	return "", ""
}

// answerHint is the way out that the kind of answer suggests.
func answerHint(t release.Target, q *httpQuestion, a answer) string {
	service := t.Slot.Service
	switch {
	case a.fault == garbled:
		return garbledHint(t, a)
	case a.fault == wrongBody:
		return fmt.Sprintf("make %s answer with that text, or take health.body out of teal.yaml", q.health.Path)
	case a.fault == redirect && strings.HasPrefix(a.target, "https:"):
		return fmt.Sprintf("%s wants https: exempt %s from its redirect, or accept it with health: {http: %s, status: %d} in teal.yaml",
			service, q.health.Path, q.health.Path, a.status)
	case a.fault == redirect:
		return fmt.Sprintf("point health.http of %s at the redirect's target, or accept it with health: {http: %s, status: %d} in teal.yaml",
			service, q.health.Path, a.status)
	case a.status == 401 || a.status == 403:
		return fmt.Sprintf("point health.http of %s at a path that needs no login", service)
	case a.status == 404:
		return fmt.Sprintf("point health.http of %s in teal.yaml at a path that exists", service)
	case a.status >= 500:
		return "fix what the answer and the log say, then run teal deploy again"
	}
	return fmt.Sprintf("accept the answer with health: {http: %s, status: %d} for %s in teal.yaml, or point it at another path",
		q.health.Path, a.status, service)
}

// garbledHint recognises a TLS server: it answers plain HTTP with an alert
// record, 0x15 0x03 (RFC 8446 section 5.1).
func garbledHint(t release.Target, a answer) string {
	if strings.Contains(a.text, `\x15\x03`) {
		return fmt.Sprintf("port %d of %s speaks TLS: let it serve plain http to nginx", portFor(t), t.Slot.Service)
	}
	return fmt.Sprintf("port %d of %s doesn't speak HTTP/1.1: check the port, or use health: {tcp: true}", portFor(t), t.Slot.Service)
}
