package config

import (
	"bytes"
	"encoding/json"
	"fmt"

	"teal/internal/release"
)

// dialect is the version of JSON Schema that the schema is written in.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// schema is a JSON Schema, as far as teal.yaml needs one.
type schema struct {
	Dialect     string     `json:"$schema,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        any        `json:"type,omitempty"` // a name, or a list of them
	Enum        []any      `json:"enum,omitempty"`
	Default     any        `json:"default,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	MinLength   int        `json:"minLength,omitempty"`
	MaxLength   int        `json:"maxLength,omitempty"`
	Minimum     *int       `json:"minimum,omitempty"`
	Maximum     *int       `json:"maximum,omitempty"`
	Items       *schema    `json:"items,omitempty"`
	MinItems    int        `json:"minItems,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Required    []string   `json:"required,omitempty"`
	Names       *schema    `json:"propertyNames,omitempty"`
	Additional  any        `json:"additionalProperties,omitempty"` // false, or the *schema of values under the user's own names
	MinKeys     int        `json:"minProperties,omitempty"`
	AnyOf       []schema   `json:"anyOf,omitempty"`
	OneOf       []schema   `json:"oneOf,omitempty"`

	usual  string // the default in words, where it isn't a value
	called string // what the reference calls a user's own name: NAME
}

// properties are the keys of a mapping in the order the reference tells them.
type properties []property

type property struct {
	name   string
	schema schema
}

// MarshalJSON writes the properties in their order, which a Go map would lose.
func (p properties) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, one := range p {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		text, err := plainJSON(one.schema)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", one.name, err)
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(text)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// plainJSON writes < and > as they are: this is no web page.
func plainJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// mapping is the schema of a mapping with known keys. One without any may be
// left empty, as in `worker:`, unless a key is demanded.
func mapping(keys []key) schema {
	s := schema{Title: "mapping", Type: []string{"object", "null"}, Additional: false}
	for _, k := range keys {
		s.Properties = append(s.Properties, property{k.name, k.schema()})
		if k.demand != "" {
			s.Required = append(s.Required, k.name)
		}
	}
	if s.Required != nil {
		s.Type = "object"
	}
	return s
}

// named is the schema of a mapping whose keys are the user's own; called is
// what the reference calls them, form is their alphabet.
func named(called, form string, value schema) schema {
	return schema{
		Title: "mapping, " + called + ": " + value.Title, Type: []string{"object", "null"},
		Names: &schema{Pattern: form}, Additional: &value, called: called,
	}
}

// listed is the schema of a list, which may be left empty.
func listed(item schema) schema {
	return schema{Title: "list of: " + item.Title, Type: []string{"array", "null"}, Items: &item}
}

// filled is the schema of a list with one item at least.
func filled(item schema) schema {
	return schema{Title: "list of: " + item.Title, Type: "array", Items: &item, MinItems: 1}
}

// either is the schema of a value that may have several forms.
func either(title string, forms ...schema) schema {
	return schema{Title: title, AnyOf: forms}
}

// Schema returns the JSON Schema (draft 2020-12) of teal.yaml, indented, with
// a newline at its end. What it refuses Load refuses too; Load refuses more:
// values that contradict each other, and files that aren't there.
func Schema() ([]byte, error) {
	text, err := plainJSON(whole())
	if err != nil {
		return nil, fmt.Errorf("write the schema of teal.yaml: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the schema of teal.yaml: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// whole is the schema of the file.
func whole() schema {
	d := newDraft(release.App{})
	s := mapping(d.keys())
	s.Dialect = dialect
	s.Title = "teal.yaml"
	s.Description = "An application that teal releases behind nginx: what runs once per color, where it is served, and how a release goes."
	return s
}
