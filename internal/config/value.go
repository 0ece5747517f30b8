package config

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// value is one value of the file: where it stands, what messages call it, and
// where its mistakes are reported. Readers return the zero value after a
// mistake, so reading goes on and finds the next one.
type value struct {
	node *yaml.Node
	name string // services.web.port; "" for the whole file
	out  *report
}

func newValue(node *yaml.Node, name string, out *report) value {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return value{node: node, name: name, out: out}
}

// refuse reports a mistake at the value's place.
func (v value) refuse(format string, args ...any) {
	v.out.add(v.node.Line, v.node.Column, format, args...)
}

// written reports whether the file has the value at all.
func (v value) written() bool { return v.node != nil }

// line is where the value stands, for messages about another place.
func (v value) line() int { return v.node.Line }

// empty reports whether nothing was written: `services: {web: }`.
func (v value) empty() bool { return v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null" }

func (v value) isList() bool    { return v.node.Kind == yaml.SequenceNode }
func (v value) isMapping() bool { return v.node.Kind == yaml.MappingNode }

// is reports whether the value is a plain scalar of that YAML type.
func (v value) is(tag string) bool { return v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == tag }

// mistyped reports a value of the wrong type.
func (v value) mistyped(want string) {
	v.refuse("%s: want %s, not %s", v.title(), want, v.kind())
}

// title is what messages call the value.
func (v value) title() string {
	if v.name == "" {
		return "the file"
	}
	return v.name
}

// prefix begins a message about the value; one about the whole file needs none.
func (v value) prefix() string {
	if v.name == "" {
		return ""
	}
	return v.name + ": "
}

// kind is the value's type in words.
func (v value) kind() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch v.node.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return fmt.Sprintf("the text %q", v.node.Value)
	case "!!int", "!!float":
		return fmt.Sprintf("the number %.40s", v.node.Value)
	}
	return fmt.Sprintf("%.40q", v.node.Value)
}

// has reports whether the mapping has the key.
func (v value) has(key string) bool { return v.entry(key).written() }

// entry is the mapping's value of the key; its node is nil if there is none,
// or no mapping.
func (v value) entry(key string) value {
	if v.node == nil || !v.isMapping() {
		return value{}
	}
	for i := 0; i < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == key {
			return newValue(v.node.Content[i+1], v.join(key), v.out)
		}
	}
	return value{}
}

// object reads a mapping with known keys; an empty value is one without any.
func (v value) object(known []key) {
	v.entries(func(name, entry value) {
		i := slices.IndexFunc(known, func(k key) bool { return k.name == name.node.Value })
		if i < 0 {
			name.refuse("unknown key %q in %s: %s", name.node.Value, v.title(), suggest(name.node.Value, namesOf(known)))
			return
		}
		known[i].read(entry)
	})
	for _, k := range known {
		if k.demand != "" && !v.has(k.name) && (v.isMapping() || v.empty()) {
			v.refuse("%s%s", v.prefix(), k.demand)
		}
	}
}

func namesOf(keys []key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	slices.Sort(names)
	return names
}

// entries hands on each key and value of a mapping in the order of the file.
// A key that comes twice is refused: YAML readers disagree on which one wins.
func (v value) entries(each func(key, entry value)) {
	v.pairs("plain text", func(key value) bool { return key.is("!!str") }, each)
}

// pairs is entries with keys of another type than text; want names it.
func (v value) pairs(want string, fits func(key value) bool, each func(key, entry value)) {
	if v.empty() {
		return
	}
	if !v.isMapping() {
		v.mistyped("a mapping")
		return
	}
	seen := map[string]int{}
	for i := 0; i < len(v.node.Content); i += 2 {
		key := newValue(v.node.Content[i], v.name, v.out)
		if !fits(key) {
			key.refuse("a key of %s must be %s, not %s", v.title(), want, key.kind())
			continue
		}
		name := key.node.Value
		if line, twice := seen[name]; twice {
			key.refuse("key %q comes twice in %s, first in line %d", name, v.title(), line)
			continue
		}
		seen[name] = key.line()
		each(key, newValue(v.node.Content[i+1], v.join(name), v.out))
	}
}

func (v value) join(key string) string {
	if v.name == "" {
		return key
	}
	quoted := strconv.Quote(key)
	return v.name + "." + quoted[1:len(quoted)-1]
}

// items hands on each element of a list; an empty value is a list without any.
func (v value) items(each func(value)) {
	if v.empty() {
		return
	}
	if !v.isList() {
		v.mistyped("a list")
		return
	}
	for i, node := range v.node.Content {
		each(newValue(node, fmt.Sprintf("%s[%d]", v.name, i), v.out))
	}
}
