package conf

// Find returns the directives that want is true for, in nginx's order.
func (t *Tree) Find(want func(*Node) bool) []*Node {
	var found []*Node
	walk(t.Top, func(n *Node) {
		if want(n) {
			found = append(found, n)
		}
	})
	return found
}

// Named returns the directives of a name that begin with the given arguments.
func (t *Tree) Named(name string, args ...string) []*Node {
	return t.Find(func(n *Node) bool { return n.Is(name, args...) })
}

// Written returns the directives as they are written: one for all nodes of a
// file that is included more than once. An edit touches all of those nodes.
func Written(nodes []*Node) []*Directive {
	seen := map[*Directive]bool{}
	var once []*Directive
	for _, n := range nodes {
		if !seen[n.Directive] {
			seen[n.Directive] = true
			once = append(once, n.Directive)
		}
	}
	return once
}

func walk(nodes []*Node, visit func(*Node)) {
	for _, n := range nodes {
		visit(n)
		walk(n.Kids, visit)
	}
}

// within reports whether it stands in that block, at any depth.
func (n *Node) under(block *Node) bool {
	for up := n.Up; up != nil; up = up.Up {
		if up == block {
			return true
		}
	}
	return false
}

// Effective returns what is in force of some directives, nearest level first:
// all of them at the first level that has any, since nginx inherits such
// directives only where the level has none of its own. Levels are the blocks
// around the node, and its own block where it has one. Name directives that
// replace each other together: "allow", "deny".
func (n *Node) Effective(names ...string) []*Node {
	level := n
	if !n.HasBlock() {
		level = n.Up
	}
	for ; level != nil; level = level.Up {
		if found := level.Own(names...); len(found) > 0 {
			return found
		}
	}
	return nil
}

// Own are the directives of some names that stand right in the block.
func (n *Node) Own(names ...string) []*Node {
	var found []*Node
	for _, kid := range n.Kids {
		for _, name := range names {
			if kid.Name == name {
				found = append(found, kid)
			}
		}
	}
	return found
}
