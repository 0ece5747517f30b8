package stage

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"teal/internal/release"
)

// color is one color of an application that runs in this process: its answer
// is its name, so a client needs nobody else's word for who answered.
type color struct {
	at     netip.AddrPort
	server *http.Server
}

// play starts a color at an address, on a free port if none is given.
func play(c release.Color, at netip.AddrPort) (*color, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c, err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		// A body that does not come whole is a request that nginx lost, and
		// shows at its client.
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			fmt.Fprint(w, c)
		}
	}
	p := &color{at: l.Addr().(*net.TCPAddr).AddrPort(), server: &http.Server{Handler: http.HandlerFunc(answer)}}
	go p.server.Serve(l)
	return p, nil
}

func (c *color) close() error { return c.server.Close() }

// pair is both colors, each at its slot's address, on the same port.
type pair struct{ colors []*color } // blue, green

func newPair(net release.Network) (*pair, error) {
	p := &pair{}
	for _, c := range release.Colors {
		one, err := play(c, netip.AddrPortFrom(net.Addr(Slot(c)), p.port()))
		if err != nil {
			p.close()
			return nil, err
		}
		p.colors = append(p.colors, one)
	}
	return p, nil
}

// port is the colors' port; 0 before the first has one.
func (p *pair) port() uint16 {
	if len(p.colors) == 0 {
		return 0
	}
	return p.colors[0].at.Port()
}

func (p *pair) close() {
	for _, c := range p.colors {
		// Ends with the process at the latest.
		_ = c.close()
	}
}
