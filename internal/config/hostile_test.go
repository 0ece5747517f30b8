package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"teal/internal/release"
)

// hostile is what breaks out of a word in nginx's config; strange is what
// else has broken out of something.
var (
	hostile = []string{`"`, "'", ";", "}", "\n", "\r", "$", "#", "{", `\`, " "}
	strange = []string{"\t", "\x00", "\x7f", "`", "|", "<", ">", "(", ")", "*", "^", "!", "é", "\u2028", "\u202e", "\ufeff"}
)

// ownText names the values that keep the user's own text, and what that is
// for. The fields of an App they fill are those of keepsOwnText.
var ownText = map[string]string{
	"services.web.health.body":  "compared with an answer",
	"services.cron.health.exec": "an argument vector for the container",
	"compose.files":             "files on this machine",
}

// leaf is a text somewhere in the sample, as it is written there.
type leaf struct {
	name string
	node *yaml.Node
}

// leaves are all texts of a document but the format's own keys.
func leaves(name string, n *yaml.Node) []leaf {
	var all []leaf
	switch n.Kind {
	case yaml.ScalarNode:
		return []leaf{{name, n}}
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, item := range n.Content {
			all = append(all, leaves(name, item)...)
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			at := strings.TrimPrefix(name+"."+n.Content[i].Value, ".")
			if name == "services" {
				all = append(all, leaf{"services." + n.Content[i].Value + " (its name)", n.Content[i]})
			}
			all = append(all, leaves(at, n.Content[i+1])...)
		}
	}
	return all
}

// poisoned is a text made hostile at its beginning, its middle, its end and
// whole, and made strange in its middle.
func poisoned(text string) []string {
	var all []string
	begin, end := text[:len(text)/2], text[len(text)/2:]
	for _, h := range hostile {
		all = append(all, h+text, begin+h+end, text+h, h)
	}
	for _, s := range strange {
		all = append(all, begin+s+end)
	}
	return all
}

// poison calls try with the sample, each of its texts in turn poisoned.
func poison(t *testing.T, try func(name, value string)) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(full), &doc); err != nil {
		t.Fatal(err)
	}
	folder(t, full)
	for _, l := range leaves("", &doc) {
		was := *l.node
		for _, value := range poisoned(was.Value) {
			*l.node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: value}
			text, err := yaml.Dump(&doc)
			if err != nil {
				t.Fatal(err)
			}
			write(t, "teal.yaml", string(text))
			try(l.name, value)
		}
		*l.node = was
	}
}

// safe is every character a string of an App may have, but for those that
// keep the user's own text.
var safe = regexp.MustCompile(`^[a-zA-Z0-9._~/?=&%+,:@\[\]*-]*$`)

func TestAHostileValueInAnyTextIsRefusedOrKeptFromNginx(t *testing.T) {
	tried := map[string]int{}
	poison(t, func(name, value string) {
		tried[name]++
		app, err := Load("teal.yaml")
		if problems(t, err) != nil {
			return
		}
		_, own := ownText[name]
		if wildcard := name == "site.hosts" && strings.HasPrefix(value, "*."); !own && !wildcard {
			t.Errorf("%s: %q was taken", name, value)
		}
		for where, s := range texts("App", reflect.ValueOf(app)) {
			if !safe.MatchString(s) {
				t.Errorf("%s: %q reached %s", name, value, where)
			}
		}
	})
	for name := range ownText {
		if tried[name] == 0 {
			t.Errorf("the sample has no %s", name)
		}
	}
	if len(tried) < 40 {
		t.Errorf("only %d values of the format were tried", len(tried))
	}
}

// texts are all strings of a value by their place in it, without the fields
// that keep the user's own text.
func texts(at string, v reflect.Value) map[string]string {
	all := map[string]string{}
	add := func(at string, v reflect.Value) {
		for k, s := range texts(at, v) {
			all[k] = s
		}
	}
	switch v.Kind() {
	case reflect.String:
		all[at] = v.String()
	case reflect.Slice:
		for i := range v.Len() {
			add(fmt.Sprintf("%s[%d]", at, i), v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !keepsOwnText(v.Type(), v.Type().Field(i).Name) {
				add(at+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	return all
}

func keepsOwnText(t reflect.Type, field string) bool {
	switch t {
	case reflect.TypeFor[release.App]():
		return field == "Dir" || field == "File" || field == "Compose"
	case reflect.TypeFor[release.Health]():
		return field == "Body" || field == "Command"
	}
	return false
}

// FuzzLoad holds that no text makes Load fail in another way than by its
// report, and that what it takes is safe.
func FuzzLoad(f *testing.F) {
	f.Add(full)
	for _, m := range mistakes {
		f.Add(m.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := &report{file: "teal.yaml"}
		d := draft{app: release.App{Dir: t.TempDir()}}
		if root, ok := parse([]byte(text), out); ok {
			d.read(root)
		}
		if problems(t, out.err()) != nil {
			return
		}
		for where, s := range texts("App", reflect.ValueOf(d.app)) {
			if !safe.MatchString(s) {
				t.Errorf("%q reached %s", s, where)
			}
		}
	})
}
