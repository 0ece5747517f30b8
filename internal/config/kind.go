package config

import (
	"fmt"

	"teal/internal/release"
)

// kind reads values of one type and says what the schema tells of them. Each
// key of teal.yaml has one: reader and schema can't disagree on what a key
// takes, since it is written down once.
type kind[T any] struct {
	// schema is made only when it is asked for: reading needs none.
	schema func() schema
	// read returns the zero T after a mistake.
	read func(value) T
	// shown is a T as teal.yaml writes it; nil where there is nothing to show.
	shown func(T) any
}

// key is a key that a mapping may have.
type key struct {
	name   string
	schema func() schema
	read   func(value)
	demand string // what to say where the key is left out; "" if it may be
}

// set is the key that fills to, whose value at the time of the call is the
// default that the schema tells.
func set[T any](name string, to *T, k kind[T], about string) key {
	usual := *to
	s := func() schema {
		s := k.schema()
		if k.shown != nil {
			s.Default = k.shown(usual)
		}
		return s
	}
	return custom(name, s, func(v value) { *to = k.read(v) }, about)
}

// custom is a key whose reader is its own.
func custom(name string, s func() schema, read func(value), about string) key {
	return key{name: name, read: read}.with(s, func(s *schema) { s.Description = about })
}

// with gives the key a schema that is like s but for a change.
func (k key) with(s func() schema, change func(*schema)) key {
	k.schema = changed(s, change)
	return k
}

// changed is a schema like s but for a change.
func changed(s func() schema, change func(*schema)) func() schema {
	return func() schema {
		s := s()
		change(&s)
		return s
	}
}

// must makes the key one that can't be left out; demand tells how to write it.
func (k key) must(demand string) key {
	k.demand = demand
	return k
}

// usually tells of a default that is made of other values.
func (k key) usually(what string) key {
	return k.with(k.schema, func(s *schema) { s.usual = what })
}

// object is a mapping with known keys, which fill a T that begins as start.
// check refuses what contradicts itself.
func object[T any](start T, keys func(*T) []key, check func(*T, value)) kind[T] {
	return kind[T]{
		schema: func() schema {
			sample := start
			return mapping(keys(&sample))
		},
		read: func(v value) T {
			t := start
			v.object(keys(&t))
			if check != nil {
				check(&t, v)
			}
			return t
		},
	}
}

// optional is a value that may be absent: nil.
func optional[T any](k kind[T]) kind[*T] {
	return kind[*T]{
		schema: k.schema,
		read: func(v value) *T {
			t := k.read(v)
			return &t
		},
	}
}

// list is a list of any length.
func list[T any](item kind[T]) kind[[]T] {
	return kind[[]T]{
		schema: func() schema { return listed(item.schema()) },
		read: func(v value) []T {
			var all []T
			v.items(func(v value) { all = append(all, item.read(v)) })
			return all
		},
		shown: func(all []T) any {
			var shown []any
			for _, t := range all {
				shown = append(shown, item.shown(t))
			}
			if shown == nil {
				return nil
			}
			return shown
		},
	}
}

// distinct is a list whose items differ by their identity. Items that are a
// mistake or come again are left out.
func distinct[T, K comparable](item kind[T], identity func(T) K, called string) kind[[]T] {
	k := list(item)
	k.read = func(v value) []T {
		var all []T
		seen := map[K]int{}
		v.items(func(v value) {
			var none T
			t := item.read(v)
			if t == none {
				return
			}
			if line, twice := seen[identity(t)]; twice {
				v.refuse("%s: "+called+" comes twice, first in line %d", v.title(), t, line)
				return
			}
			seen[identity(t)] = v.line()
			all = append(all, t)
		})
		return all
	}
	return k
}

// perColor is a value for blue and one for green.
func perColor[T any](item kind[T], about string) kind[map[release.Color]T] {
	keys := func(all map[release.Color]T) []key {
		var keys []key
		for _, c := range release.Colors {
			keys = append(keys, custom(string(c), item.schema, func(v value) { all[c] = item.read(v) },
				fmt.Sprintf(about, c)))
		}
		return keys
	}
	return kind[map[release.Color]T]{
		schema: func() schema { return mapping(keys(nil)) },
		read: func(v value) map[release.Color]T {
			all := map[release.Color]T{}
			v.object(keys(all))
			return all
		},
	}
}
