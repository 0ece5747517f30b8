package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

func (d *draft) readSite(v value) {
	v.object(fields{
		"hosts":  func(v value) { d.app.Site.Hosts = readHosts(v) },
		"listen": func(v value) { d.app.Site.Listen = readListen(v) },
	})
}

// readHosts reads host names; the same one twice is refused, since nginx only
// warns about it.
func readHosts(v value) []string {
	var hosts []string
	seen := map[string]int{}
	v.items(func(v value) {
		host := readHost(v)
		if host == "" {
			return
		}
		if line, twice := seen[host]; twice {
			v.refuse("%s: host %q comes twice, first in line %d", v.title(), host, line)
		}
		seen[host] = v.line()
		hosts = append(hosts, host)
	})
	return hosts
}

func readHost(v value) string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	host := strings.ToLower(s)
	if !hostName(strings.TrimPrefix(host, "*.")) {
		v.refuse("%s: %q is not a host name: write voda.example or *.voda.example", v.title(), s)
		return ""
	}
	return host
}

// hostName reports whether s is a DNS name in lower case, or an IPv4 address.
func hostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !labelForm.MatchString(label) {
			return false
		}
	}
	return true
}

// readListen reads addresses. Two that are one socket to nginx are refused:
// it wouldn't start with them.
func readListen(v value) []string {
	var all []string
	seen := map[netip.AddrPort]int{}
	v.items(func(v value) {
		text, addr := readAddress(v)
		if text == "" {
			return
		}
		if line, twice := seen[addr]; twice {
			v.refuse("%s: %s comes twice, first in line %d", v.title(), text, line)
		}
		seen[addr] = v.line()
		all = append(all, text)
	})
	return all
}

// readAddress reads 80, 127.0.0.1:8080 or [::1]:8080. A port alone means
// every IPv4 address, as in nginx's listen directive.
func readAddress(v value) (string, netip.AddrPort) {
	if !v.is("!!int") && !v.is("!!str") {
		v.mistyped("a port or an address with one")
		return "", netip.AddrPort{}
	}
	host, port, err := net.SplitHostPort(v.node.Value)
	if err != nil {
		host, port = "", v.node.Value
	}
	number, portErr := strconv.ParseUint(port, 10, 16)
	addr, addrErr := netip.ParseAddr(host)
	alone := err != nil
	if portErr != nil || number == 0 || !decimal.MatchString(port) || !alone && (addrErr != nil || addr.Zone() != "") {
		v.refuse("%s: %q is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080", v.title(), v.node.Value)
		return "", netip.AddrPort{}
	}
	if alone {
		return port, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(number))
	}
	full := netip.AddrPortFrom(addr, uint16(number))
	return full.String(), full
}
