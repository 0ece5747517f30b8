package witness

import "time"

// Kind is what a client does; the words are the keys of Witnessed.ByKind.
type Kind string

// The kinds. A WebSocket counts as one request from its handshake to its end.
const (
	Get       Kind = "get"       // keep-alive GET
	Post      Kind = "post"      // keep-alive POST with an id that no other request has
	Upload    Kind = "upload"    // POST whose body takes its time
	WebSocket Kind = "websocket" // stream of text messages that the server echoes
)

// Load is what a witness sends, and where to.
type Load struct {
	Target  string        // address to dial: host:port
	TLS     bool          // HTTP/1.1 over TLS 1.2 or 1.3; without, plain
	Host    string        // Host header, and the name in the handshake; "" sends Target
	Timeout time.Duration // longest wait for one answer or echo; 0 means 10 s
	Groups  []Group
}

// Group is a number of clients that do the same. Each owns one connection and
// has at most one request in flight.
type Group struct {
	Kind  Kind
	Paths []string      // request targets, taken in turn; empty means /
	Count int           // clients; 0 means 1
	Think time.Duration // pause after each answer or echo
	Every time.Duration // instead of Think: a client's requests begin this far apart, or later when an answer takes longer
	Size  int           // bytes of a body or message; 0 means 256, and an id always fits
	Over  time.Duration // Upload: the time its body takes
}

// streamThink is the least pause of a WebSocket client: it must not turn into
// a load of handshakes on a server that ends streams at once.
const streamThink = 20 * time.Millisecond

func (l Load) withDefaults() Load {
	if l.Host == "" {
		l.Host = l.Target
	}
	if l.Timeout <= 0 {
		l.Timeout = 10 * time.Second
	}
	groups := make([]Group, 0, len(l.Groups))
	for _, g := range l.Groups {
		groups = append(groups, g.withDefaults())
	}
	l.Groups = groups
	return l
}

func (g Group) withDefaults() Group {
	g.Count = max(g.Count, 1)
	if len(g.Paths) == 0 {
		g.Paths = []string{"/"}
	}
	if g.Size <= 0 {
		g.Size = 256
	}
	if g.Kind == WebSocket {
		g.Think = max(g.Think, streamThink)
	}
	return g
}
