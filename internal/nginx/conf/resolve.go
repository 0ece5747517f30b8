package conf

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// variants is how many values of one text are followed. A map of a thousand
// tenants is told as unknown instead.
const variants = 256

// value is what a text with variables may be.
type value struct {
	text      string
	by        []*Node
	sometimes bool
}

// targets finds where a pass leads.
func (v *View) targets(p *Pass) []Target {
	values, why := v.expand(p.Raw, p, nil)
	if why != "" {
		return []Target{{Kind: Unknown, Destination: p.Destination, Why: why}}
	}
	targets := make([]Target, 0, len(values))
	for _, val := range values {
		t := v.target(val.text, p)
		t.By, t.Sometimes = val.by, val.sometimes
		targets = append(targets, t)
	}
	return targets
}

// target says what an address is whose variables have got their values.
func (v *View) target(text string, p *Pass) Target {
	d, ok := destination(text)
	t := Target{Kind: ToAddress, Destination: d}
	if t.Why = untold(text, d, ok, p); t.Why != "" {
		t.Kind = Unknown
		return t
	}
	if u := v.upstream(d); u != nil {
		t.Kind, t.Upstream = ToUpstream, u
	}
	return t
}

// untold says why an address can't be told from the files, "" where it can.
func untold(text string, d Destination, ok bool, p *Pass) string {
	rest := d.Host + ":" + d.Port + d.Socket
	if !ok {
		rest = text
	}
	switch name := variable.FindString(rest); {
	case name != "":
		return unset(name, p)
	case !ok:
		return fmt.Sprintf("%q names no http:// or https:// address", text)
	case d.Host == "" && d.Socket == "":
		return fmt.Sprintf("%q names no host", text)
	}
	return ""
}

// unset says why a variable has no value that the files tell.
func unset(variable string, p *Pass) string {
	if n := elsewhere(bareName(variable), p); n != nil {
		return fmt.Sprintf("%s is set in %s, which doesn't run for this location", variable, n.Place())
	}
	return variable + " is known only when a request comes"
}

// upstream is the block of a host without a port, compared as nginx does,
// without case.
func (v *View) upstream(d Destination) *Upstream {
	if d.Port != "" || d.Host == "" {
		return nil
	}
	for _, u := range v.Upstreams {
		if strings.EqualFold(u.Name, d.Host) {
			return u
		}
	}
	return nil
}

// Literal reports whether the host is an IP address, so that no resolver takes
// part.
func (d Destination) Literal() bool {
	_, err := netip.ParseAddr(strings.Trim(d.Host, "[]"))
	return err == nil
}

var variable = regexp.MustCompile(`\$(\{[A-Za-z0-9_]+\}|[A-Za-z0-9_]+)`)

func bareName(variable string) string { return strings.Trim(variable, "${}") }

// expand gives a text's variables all the values that the files know. Those
// that only a request knows stay; why tells what can't be followed at all. used
// are the nodes on the way, against circles.
func (v *View) expand(text string, p *Pass, used []*Node) (values []value, why string) {
	values = []value{{}}
	rest := text
	for rest != "" {
		span := variable.FindStringIndex(rest)
		if span == nil {
			span = []int{len(rest), len(rest)}
		}
		parts := []value{{text: rest[span[0]:span[1]]}}
		if name := bareName(parts[0].text); name != "" {
			known, why := v.known(name, p, used)
			if why != "" {
				return nil, why
			}
			if known != nil {
				parts = known
			}
		}
		if len(values)*len(parts) > variants {
			return nil, fmt.Sprintf("%q has more than %d values", text, variants)
		}
		values = joined(values, rest[:span[0]], parts)
		rest = rest[span[1]:]
	}
	return values, ""
}

// joined is every value with the literal text and every part behind it.
func joined(values []value, literal string, parts []value) []value {
	all := make([]value, 0, len(values)*len(parts))
	for _, a := range values {
		for _, b := range parts {
			all = append(all, value{
				text: a.text + literal + b.text, by: slices.Concat(a.by, b.by), sometimes: a.sometimes || b.sometimes,
			})
		}
	}
	return all
}

// known are the values that a variable may have at the pass, nil for one that
// no directive gives a value.
func (v *View) known(name string, p *Pass, used []*Node) (values []value, why string) {
	givers := v.sets(name, p)
	if len(givers) == 0 {
		givers = v.tables(name)
	}
	for _, g := range givers {
		if slices.Contains(used, g.node) {
			return nil, fmt.Sprintf("$%s is made of itself in %s", name, g.node.Place())
		}
		more, why := v.expand(g.text, p, append(slices.Clip(used), g.node))
		if why != "" {
			return nil, why
		}
		for _, m := range more {
			m.by = append(m.by, g.node)
			m.sometimes = m.sometimes || g.sometimes || len(givers) > 1
			values = append(values, m)
		}
		if len(values) > variants {
			return nil, fmt.Sprintf("$%s has more than %d values", name, variants)
		}
	}
	return values, ""
}

// giver is a directive that gives a variable a value.
type giver struct {
	node      *Node
	text      string
	sometimes bool
}

// sets are the set directives that run before the pass, in nginx's order: those
// of the server, then those of the location, not those of locations around it.
// One that always runs undoes what was set before it.
func (v *View) sets(name string, p *Pass) []giver {
	found := ran(nil, p.Server.Node, name, p)
	if p.Location != nil {
		found = ran(found, p.Location.Node, name, p)
	}
	return found
}

func ran(found []giver, block *Node, name string, p *Pass) []giver {
	for _, n := range block.Kids {
		if n.Name == "if" {
			found = ran(found, n, name, p)
		}
		if n.Name != "set" || len(n.Words) != 3 || bareName(n.Arg(0)) != name {
			continue
		}
		g := giver{node: n, text: n.Arg(1), sometimes: block.Name == "if" && !p.under(block)}
		if !g.sometimes {
			found = nil
		}
		found = append(found, g)
	}
	return found
}

// elsewhere is a set of the variable in the pass's server that doesn't run for
// it, or nil.
func elsewhere(name string, p *Pass) *Node {
	var found *Node
	walk(p.Server.Kids, func(n *Node) {
		if n.Name == "set" && bareName(n.Arg(0)) == name {
			found = n
		}
	})
	return found
}

// tables are the entries of map, geo and split_clients blocks that make the
// variable.
func (v *View) tables(name string) []giver {
	var found []giver
	for _, block := range v.blocks[name] {
		for _, entry := range block.Kids {
			if len(entry.Words) == 2 && entry.Name != "include" && !switches[block.Name][entry.Name] {
				found = append(found, giver{node: entry, text: entry.Arg(0), sometimes: true})
			}
		}
	}
	if len(found) == 1 && found[0].node.Name == "default" {
		found[0].sometimes = false
	}
	return found
}

// variables notes which blocks of the http level make which variable: the one
// named last.
func (v *View) variables(http *Node) {
	for _, n := range http.Own("map", "geo", "split_clients") {
		if args := n.Args(); len(args) > 0 {
			name := bareName(args[len(args)-1])
			v.blocks[name] = append(v.blocks[name], n)
		}
	}
}

// switches are entries that aren't values.
var switches = map[string]map[string]bool{
	"geo": {"proxy": true, "delete": true},
}
