package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

//go:generate go test -run TestTheCommitted -update

var update = flag.Bool("update", false, "make docs/teal.schema.json and docs/configuration.md anew")

// reference is docs/configuration.md: what a person wrote of it, then a
// section for each mapping of the schema.
func reference(t *testing.T) []byte {
	t.Helper()
	head, err := os.ReadFile("testdata/configuration.head.md")
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBuffer(head)
	section(t, out, "", whole())
	return out.Bytes()
}

// section writes a mapping's keys as a table, then the sections of those that
// are mappings themselves.
func section(t *testing.T, out *bytes.Buffer, name string, s schema) {
	t.Helper()
	fmt.Fprintf(out, "\n## %s\n\n", sectionTitle(name))
	if s.Description != "" {
		fmt.Fprintf(out, "%s\n\n", s.Description)
	}
	fmt.Fprint(out, "| key | value | without it | meaning |\n|---|---|---|---|\n")
	for _, p := range s.Properties {
		value := cell(p.schema.Title)
		if path, _ := inner(join(name, p.name), p.schema); path != "" {
			value = fmt.Sprintf("[%s](#%s)", value, anchor(path))
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", p.name, value, cell(without(t, s, p)), cell(p.schema.Description))
	}
	for _, p := range s.Properties {
		if path, mapping := inner(join(name, p.name), p.schema); path != "" {
			mapping.Description = p.schema.Description
			section(t, out, path, mapping)
		}
	}
}

// inner is the mapping with known keys that a value is, or may be, and its
// path; "" for none.
func inner(path string, s schema) (string, schema) {
	if s.Properties != nil {
		return path, s
	}
	if named, ok := s.Additional.(*schema); ok {
		return inner(path+"."+s.called, *named)
	}
	if s.Items != nil {
		return inner(path, *s.Items)
	}
	for _, form := range s.AnyOf {
		if path, mapping := inner(path, form); path != "" {
			return path, mapping
		}
	}
	return "", schema{}
}

func join(name, key string) string { return strings.TrimPrefix(name+"."+key, ".") }

func sectionTitle(name string) string {
	if name == "" {
		return "The file"
	}
	return name
}

// anchor is what a heading is linked by.
func anchor(heading string) string { return strings.ToLower(strings.ReplaceAll(heading, ".", "")) }

// without is what holds where the key is left out.
func without(t *testing.T, s schema, p property) string {
	t.Helper()
	for _, name := range s.Required {
		if name == p.name {
			return "must be there"
		}
	}
	if p.schema.usual != "" {
		return p.schema.usual
	}
	if p.schema.Default == nil {
		return ""
	}
	if text, ok := p.schema.Default.(string); ok {
		return "`" + text + "`"
	}
	text, err := json.Marshal(p.schema.Default)
	if err != nil {
		t.Fatal(err)
	}
	return "`" + string(text) + "`"
}

// cell is a text that can stand in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func TestTheCommittedReferenceIsCurrent(t *testing.T) {
	current(t, "../../docs/configuration.md", reference(t))
}

// example is the teal.yaml that the reference begins with.
func example(t *testing.T) string {
	t.Helper()
	_, rest, found := strings.Cut(string(reference(t)), "\n```yaml teal.yaml\n")
	text, _, closed := strings.Cut(rest, "\n```")
	if !found || !closed {
		t.Fatal("the reference has no example")
	}
	return text + "\n"
}

func TestTheExampleOfTheReferenceLoads(t *testing.T) {
	text := example(t) // before the folder changes
	folder(t, text)
	if _, err := Load("teal.yaml"); err != nil {
		t.Error(problems(t, err))
	}
	if err := fits(t, compiled(t), text); err != nil {
		t.Error(err)
	}
}

func TestTheReferenceTellsOfEveryKey(t *testing.T) {
	text := string(reference(t))
	paths := map[string]bool{}
	schemaPaths("", whole(), paths)
	for path := range paths {
		key := path[strings.LastIndex(path, ".")+1:]
		if key != "*" && !strings.Contains(text, "\n| `"+key+"` | ") {
			t.Errorf("nothing is said of %s", path)
		}
	}
}
