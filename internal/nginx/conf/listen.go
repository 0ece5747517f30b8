package conf

import (
	"slices"
	"strings"
)

// Listen is an address that a server listens on.
type Listen struct {
	*Node                // nil where it is implied
	Host          string // "" for every address; an IPv6 address in brackets
	Port          string // a number, or a range: 8080-8090
	Socket        string // the path of a unix socket; then Host and Port are ""
	Default       bool
	TLS           bool
	HTTP2         bool
	QUIC          bool
	ProxyProtocol bool
}

func newListen(n *Node) Listen {
	l := Listen{Node: n}
	l.Host, l.Port, l.Socket = address(n.Arg(0), "80")
	if l.Host == "*" {
		l.Host = ""
	}
	params := n.Args()
	l.Default = slices.Contains(params, "default_server") || slices.Contains(params, "default")
	l.TLS = slices.Contains(params, "ssl")
	l.HTTP2 = slices.Contains(params, "http2")
	l.QUIC = slices.Contains(params, "quic")
	l.ProxyProtocol = slices.Contains(params, "proxy_protocol")
	return l
}

// address parts what nginx takes as an address: host, host:port, port alone,
// [v6]:port, unix:path.
func address(text, port string) (host, ownPort, socket string) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		return "", "", path
	}
	if strings.Trim(text, "0123456789-") == "" {
		return "", text, ""
	}
	end := strings.LastIndexByte(text, ':')
	if end < 0 || end < strings.IndexByte(text, ']') {
		return text, port, ""
	}
	return text[:end], text[end+1:], ""
}
