package conf

// Upstream is one upstream block.
type Upstream struct {
	*Node
	Name      string
	Servers   []Peer
	Balance   *Node // the directive that chooses a server; nil: round robin
	Keepalive *Node // or nil
}

// Peer is a server of an upstream.
type Peer struct {
	*Node
	Address string // as written: 10.0.0.1:3000, app:3000, unix:/run/app.sock
	Host    string
	Port    string   // 80 where none is written
	Socket  string   // then Host and Port are ""
	Params  []string // weight=2, backup, down …
}

var balances = []string{"least_conn", "ip_hash", "hash", "random", "least_time", "fair", "sticky"}

func newUpstream(n *Node) *Upstream {
	u := &Upstream{Node: n, Name: n.Arg(0), Keepalive: last(n.Own("keepalive")), Balance: last(n.Own(balances...))}
	for _, s := range n.Own("server") {
		p := Peer{Node: s, Address: s.Arg(0)}
		p.Host, p.Port, p.Socket = address(p.Address, "80")
		if args := s.Args(); len(args) > 1 {
			p.Params = args[1:]
		}
		u.Servers = append(u.Servers, p)
	}
	return u
}

func last(nodes []*Node) *Node {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[len(nodes)-1]
}
