package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// compiled is the schema as a validator that is not ours reads it.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("teal.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("teal.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is a YAML text as a schema sees it: keys are text. The bool is
// false for a text that isn't YAML.
func instance(t *testing.T, text string) (any, bool) {
	t.Helper()
	var doc any
	if err := yaml.Load([]byte(text), &doc); err != nil {
		return nil, false
	}
	written, err := json.Marshal(textKeys(doc))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	return value, true
}

func textKeys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = textKeys(v[k])
		}
	case map[any]any:
		all := map[string]any{}
		for k := range v {
			all[fmt.Sprint(k)] = textKeys(v[k])
		}
		return all
	case []any:
		for i := range v {
			v[i] = textKeys(v[i])
		}
	}
	return v
}

// fits is what the schema says of a text.
func fits(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	value, ok := instance(t, text)
	if !ok {
		return fmt.Errorf("not YAML: %s", text)
	}
	return s.Validate(value)
}

// samples are files that are right.
func samples() map[string]string {
	all := map[string]string{"full": full, "paired": paired, "owned": owned, "base": base, "shown": strings.Join(sample, "\n")}
	for _, line := range unusual {
		all[line] = base + line + "\n"
	}
	return all
}

func TestWhatLoadTakesFitsTheSchema(t *testing.T) {
	s := compiled(t)
	folder(t, base)
	for name, text := range samples() {
		write(t, "teal.yaml", text)
		if _, err := Load("teal.yaml"); err != nil {
			t.Errorf("%s: %q", name, problems(t, err))
		}
		if err := fits(t, s, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// samplePaths and schemaPaths are the keys of a sample and of the schema:
// services.*.port.
func samplePaths(at string, v any, paths map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, entry := range v {
			if slices.Contains(usersNames, at) {
				k = "*"
			}
			path := strings.TrimPrefix(at+"."+k, ".")
			paths[path] = true
			samplePaths(path, entry, paths)
		}
	case []any:
		for _, item := range v {
			samplePaths(at, item, paths)
		}
	}
}

func schemaPaths(at string, s schema, paths map[string]bool) {
	for _, p := range s.Properties {
		path := strings.TrimPrefix(at+"."+p.name, ".")
		paths[path] = true
		schemaPaths(path, p.schema, paths)
	}
	if named, ok := s.Additional.(*schema); ok {
		paths[at+".*"] = true
		schemaPaths(at+".*", *named, paths)
	}
	if s.Items != nil {
		schemaPaths(at, *s.Items, paths)
	}
	for _, form := range s.AnyOf {
		schemaPaths(at, form, paths)
	}
}

func TestTheSamplesHaveEveryKeyOfTheSchema(t *testing.T) {
	want, have := map[string]bool{}, map[string]bool{}
	schemaPaths("", whole(), want)
	for _, text := range []string{full, paired, owned} {
		value, _ := instance(t, text)
		samplePaths("", value, have)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(have))); diff != "" {
		t.Errorf("-schema +samples:\n%s", diff)
	}
	if len(want) < 80 {
		t.Errorf("only %d keys", len(want))
	}
}

func TestEveryKeyHasATitleAndADescription(t *testing.T) {
	var visit func(at string, s schema)
	visit = func(at string, s schema) {
		for _, p := range s.Properties {
			if p.schema.Title == "" || !strings.HasSuffix(p.schema.Description, ".") {
				t.Errorf("%s.%s: title %q, description %q", at, p.name, p.schema.Title, p.schema.Description)
			}
			visit(at+"."+p.name, p.schema)
		}
		for _, form := range s.AnyOf {
			visit(at, form)
		}
		if s.Items != nil {
			visit(at, *s.Items)
		}
		if named, ok := s.Additional.(*schema); ok {
			visit(at, *named)
		}
	}
	visit("", whole())
}

// An editor that marks nothing must not be answered with an unknown key or a
// wrong type by teal.
func TestTheSchemaRefusesMistakesOfKeysAndTypes(t *testing.T) {
	s := compiled(t)
	tried := 0
	for _, m := range mistakes {
		if _, ok := instance(t, m.text); !ok || !wordOrType(m.want) {
			continue
		}
		tried++
		if fits(t, s, m.text) == nil {
			t.Errorf("it takes %s, which Load answers with %s", m.text, m.want)
		}
	}
	if tried < 50 {
		t.Errorf("only %d mistakes tried", tried)
	}
}

// wordOrType reports whether a message tells of an unknown key, an unknown
// word, a wrong type or a number out of range; but for what the schema can't
// see: how a number is written, how long a duration is, how large a size.
func wordOrType(message string) bool {
	for _, beyond := range []string{"0x10", "out of range: 0s", "out of range: 1s", "out of range: 1k", "documents"} {
		if strings.Contains(message, beyond) {
			return false
		}
	}
	for _, sign := range []string{"unknown key", ": want ", "is not known", "out of range", "is not a route's path", "is not an app name", "name: letters", "no path:", "no kind:", "no app:", "no services:"} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}

// odd are values of every type that most keys can't have.
var odd = []string{"null", "true", "false", "0", "1", "308", "65536", "'zz zz'", "''", "zz", "30s", "5m", "/", "[]", "[1]", "[zz]", "[[]]", "{}", "{zzz: 1}", "{blue: 1, green: 2}"}

// mutants are a sample with each of its values in turn replaced by each odd
// one, and each of its mappings with a key more.
func mutants(t *testing.T, text string, try func(name, text string)) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	dump := func(name string) {
		text, err := yaml.Dump(&doc)
		if err != nil {
			t.Fatal(err)
		}
		try(name, string(text))
	}
	var visit func(name string, n *yaml.Node)
	visit = func(name string, n *yaml.Node) {
		was := *n
		for _, value := range odd {
			*n = node(t, value)
			dump(name + " = " + value)
		}
		*n = was
		if n.Kind == yaml.MappingNode && !slices.Contains(usersNames, name) {
			extra, value := node(t, "zzz"), node(t, "1")
			n.Content = append(slices.Clone(was.Content), &extra, &value)
			dump(name + " with zzz")
			*n = was
		}
		for i, child := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode:
				visit(name, child)
			case i%2 == 1:
				visit(strings.TrimPrefix(name+"."+n.Content[i-1].Value, "."), child)
			}
		}
	}
	visit("", doc.Content[0])
}

func node(t *testing.T, text string) yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return *doc.Content[0]
}

func TestSchemaAndLoadAgreeOnEveryMutant(t *testing.T) {
	s := compiled(t)
	tried := 0
	for _, sample := range []string{full, paired, owned} {
		folder(t, sample)
		mutants(t, sample, func(name, text string) {
			tried++
			write(t, "teal.yaml", text)
			_, err := Load("teal.yaml")
			told := problems(t, err)
			refused := fits(t, s, text)
			if refused != nil && told == nil {
				t.Errorf("%s: Load takes what the schema refuses: %v", name, refused)
			}
			if refused == nil && slices.ContainsFunc(told, wordOrType) {
				t.Errorf("%s: the schema takes what Load refuses: %q", name, told)
			}
		})
	}
	if tried < 3000 {
		t.Errorf("only %d mutants tried", tried)
	}
}

// The schema that lies in docs is the one that teal prints.
func TestTheCommittedSchemaIsCurrent(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	current(t, "../../docs/teal.schema.json", text)
}

// current compares a committed file with what it is made of. With -update it
// is made.
func current(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(have)); diff != "" {
		t.Errorf("%s is not current, run go generate ./internal/config (-want +have):\n%s", path, diff)
	}
}
