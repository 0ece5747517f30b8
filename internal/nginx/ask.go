package nginx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"teal/internal/nginx/render"
)

// question is what is needed to ask an nginx about one app.
type question struct {
	addr  string // where a process on this machine meets it
	tls   bool
	host  string
	token string
}

func (q question) url() string {
	scheme := "http://"
	if q.tls {
		scheme = "https://"
	}
	return scheme + q.addr + render.ControlPath(q.token)
}

// answer is what an nginx says of an app.
type answer struct {
	generation string // "" where the app's server isn't the one that answered
	table      string // "" where no table is set
}

// errNoAnswer is an nginx, or whatever listens there, that gives no answer
// about the app: its server isn't loaded or doesn't get this host's requests.
var errNoAnswer = errors.New("no answer about the app")

// askLimit bounds one question over loopback.
const askLimit = 2 * time.Second

// client makes an HTTP client for questions. A fresh one opens a connection
// for each: a kept one could lead to a worker of an older configuration.
func client(fresh bool) *http.Client {
	return &http.Client{
		Timeout: askLimit,
		Transport: &http.Transport{
			DialContext:        (&net.Dialer{Timeout: askLimit}).DialContext,
			DialTLSContext:     dialTLS,
			DisableKeepAlives:  fresh,
			DisableCompression: true,
			IdleConnTimeout:    30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// named is the key of the host in a question's context.
type named struct{}

// dialTLS names the host in the handshake, as clients do, while it goes to the
// address. Whether the certificate is good is not asked: what is proved is
// who serves, and the answer's token is known to nobody else.
func dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _ := ctx.Value(named{}).(string)
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: askLimit}, Config: &tls.Config{ServerName: host, InsecureSkipVerify: true}}
	return d.DialContext(ctx, network, addr)
}

// ask asks the app's control location. The question goes the way of a
// client's request, to the address and with the Host a client would use, so
// an answer proves that this server is the one that clients meet.
func ask(ctx context.Context, c *http.Client, q question) (answer, error) {
	ctx = context.WithValue(ctx, named{}, q.host)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Host = q.host
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("ask nginx at %s: %w", q.addr, errors.Unwrap(err)) // the URL has the token in it
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	if err != nil {
		return answer{}, fmt.Errorf("ask nginx at %s: %w", q.addr, err)
	}
	a := answer{generation: resp.Header.Get(render.GenerationHeader)}
	if a.generation == "" {
		return answer{}, fmt.Errorf("%s, Host %q: %w", q.addr, q.host, errNoAnswer)
	}
	if resp.StatusCode == http.StatusOK {
		a.table = strings.TrimSpace(string(body))
	}
	return a, nil
}

// questions are those for each address the site listens on.
func (r *Router) questions(s server, app string, listen []listening, hosts []string) ([]question, error) {
	token, err := r.readToken(app)
	if err != nil {
		return nil, err
	}
	var list []question
	for _, l := range listen {
		at, err := render.Address(l.at)
		if err != nil {
			return nil, err
		}
		if at, ok := s.reach(at); ok {
			list = append(list, question{at.String(), l.tls, asHost(hosts), token})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the %s listens nowhere that this machine can reach: %w", s.name, errNoAnswer)
	}
	return list, nil
}

// reach is where a process of this machine meets what the nginx has at the
// address. A container has no address of IPv6 on the app's network.
func (s server) reach(at netip.AddrPort) (netip.AddrPort, bool) {
	switch {
	case s.box == nil || s.box.Host:
		return s.aside(render.Reach(at), at), true
	case !at.Addr().IsUnspecified():
		return at, !at.Addr().IsLoopback()
	}
	return netip.AddrPortFrom(s.box.addr, at.Port()), at.Addr().Is4() && s.box.addr.IsValid()
}

// aside is where what listens on all addresses is met, if a site that listens
// on that very one is in the way: all of 127.0.0.0/8 is this machine.
func (s server) aside(met, at netip.AddrPort) netip.AddrPort {
	for at.Addr().IsUnspecified() && met.Addr().Is4() && slices.Contains(s.loopback, met) {
		met = netip.AddrPortFrom(met.Addr().Next(), met.Port())
	}
	return met
}

// asHost is a Host header that the site answers to.
func asHost(hosts []string) string {
	if len(hosts) == 0 {
		return "any.teal.invalid"
	}
	return strings.Replace(hosts[0], "*", "any", 1)
}

// noToken stands for the token of an app that has none yet.
const noToken = "00000000000000000000000000000000"

// readToken is the app's control token. An app without one is in no nginx, or
// is mended like one whose token was removed: a file with anything else in it
// counts as none.
func (l layout) readToken(app string) (string, error) {
	text, err := os.ReadFile(l.token(app))
	if errors.Is(err, fs.ErrNotExist) {
		return noToken, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the control token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if !render.IsToken(token) {
		return noToken, nil
	}
	return token, nil
}
