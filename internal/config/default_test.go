package config

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"

	"teal/internal/release"
)

// defaults visits each key of a document for which the schema has a default.
func defaults(t *testing.T, n *yaml.Node, s schema, visit func(n *yaml.Node, i int, p property)) {
	t.Helper()
	for _, form := range s.AnyOf {
		if form.Properties != nil && n.Kind == yaml.MappingNode || form.Items != nil && n.Kind == yaml.SequenceNode {
			defaults(t, n, form, visit)
		}
	}
	if n.Kind == yaml.SequenceNode && s.Items != nil {
		for _, item := range n.Content {
			defaults(t, item, *s.Items, visit)
		}
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		if named, ok := s.Additional.(*schema); ok {
			defaults(t, n.Content[i+1], *named, visit)
		}
		at := slices.IndexFunc(s.Properties, func(p property) bool { return p.name == n.Content[i].Value })
		if at < 0 {
			continue
		}
		if s.Properties[at].schema.Default != nil {
			visit(n, i, s.Properties[at])
		}
		defaults(t, n.Content[i+1], s.Properties[at].schema, visit)
	}
}

func TestADefaultThatIsToldIsTheOneThatHolds(t *testing.T) {
	folder(t, full)
	tried := map[string]bool{}
	var doc yaml.Node
	if err := yaml.Load([]byte(full), &doc); err != nil {
		t.Fatal(err)
	}
	defaults(t, doc.Content[0], whole(), func(n *yaml.Node, i int, p property) {
		tried[p.name] = true
		was := n.Content
		n.Content = slices.Delete(slices.Clone(was), i, i+2)
		without := loaded(t, &doc, p.name)
		n.Content = slices.Clone(was)
		n.Content[i+1] = written(t, p.schema.Default)
		with := loaded(t, &doc, p.name)
		n.Content = was
		if diff := cmp.Diff(with, without, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
			t.Errorf("%s has not the default %v (-with +without):\n%s", p.name, p.schema.Default, diff)
		}
	})
	if len(tried) < 18 {
		t.Errorf("only %d defaults tried", len(tried))
	}
}

func written(t *testing.T, v any) *yaml.Node {
	t.Helper()
	text, err := yaml.Dump(v)
	if err != nil {
		t.Fatal(err)
	}
	n := node(t, string(text))
	return &n
}

func loaded(t *testing.T, doc *yaml.Node, name string) release.App {
	t.Helper()
	text, err := yaml.Dump(doc)
	if err != nil {
		t.Fatal(err)
	}
	write(t, "teal.yaml", string(text))
	app, err := Load("teal.yaml")
	if err != nil {
		t.Fatalf("%s: %q", name, problems(t, err))
	}
	return app
}
