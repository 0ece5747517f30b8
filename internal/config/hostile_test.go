package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
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
	"deploy.release.command":    "an argument vector for the container",
	"compose.files":             "files on this machine",
	"compose.shared":            "files on this machine",
	"compose.blue":              "files on this machine",
	"compose.green":             "files on this machine",
}

// quoted is where values begin that stand in double quotes in nginx's config,
// and quotedSafe every character they may have: none ends the quotes, none
// begins a variable.
const quoted = "routes.options.headers."

var quotedSafe = regexp.MustCompile(`^[A-Za-z0-9 !%&'()*+,./:;<=>?@\[\]^_|~` + "`" + `-]*$`)

// usersNames are the mappings whose keys are the user's own.
var usersNames = []string{"services", "site.error_pages", "site.adopted.before", "routes.options.headers"}

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
			if slices.Contains(usersNames, name) {
				all = append(all, leaf{at + " (its name)", n.Content[i]})
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

// poison calls try with a sample, each of its texts in turn poisoned.
func poison(t *testing.T, sample string, try func(name, value string)) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(sample), &doc); err != nil {
		t.Fatal(err)
	}
	folder(t, sample)
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
	for _, sample := range []string{full, paired, owned} {
		poison(t, sample, func(name, value string) {
			tried[name]++
			app, err := Load("teal.yaml")
			if problems(t, err) != nil {
				return
			}
			if !mayBeTaken(name, value) {
				t.Errorf("%s: %q was taken", name, value)
			}
			for _, where := range unsafe(app) {
				t.Errorf("%s: %q reached %s", name, value, where)
			}
		})
	}
	for name := range ownText {
		if tried[name] == 0 {
			t.Errorf("the samples have no %s", name)
		}
	}
	if len(tried) < 90 {
		t.Errorf("only %d values of the format were tried", len(tried))
	}
}

// mayBeTaken reports whether the poisoned value is one that the format means
// to take.
func mayBeTaken(name, value string) bool {
	_, own := ownText[name]
	wildcard := name == "site.hosts" && strings.HasPrefix(value, "*.")
	header := strings.HasPrefix(name, quoted) && !strings.HasSuffix(name, "(its name)") && quotedSafe.MatchString(value)
	return own || wildcard || header
}

// unsafe are the places in an App whose text could mean something to nginx.
func unsafe(app release.App) []string {
	var all []string
	for where, s := range texts("App", reflect.ValueOf(app)) {
		form := safe
		if strings.HasSuffix(where, ".Headers (value)") {
			form = quotedSafe
		}
		if !form.MatchString(s) {
			all = append(all, fmt.Sprintf("%s as %q", where, s))
		}
	}
	return all
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
	case reflect.Map:
		for i, key := range v.MapKeys() {
			add(fmt.Sprintf("%s[%d] (key)", at, i), key)
			add(at+" (value)", v.MapIndex(key))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			add(at, v.Elem())
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
		return slices.Contains([]string{"Dir", "File", "Compose", "Own"}, field)
	case reflect.TypeFor[release.Health]():
		return field == "Body" || field == "Command"
	case reflect.TypeFor[release.Command]():
		return field == "Argv"
	case reflect.TypeFor[release.Notify]():
		return field == "Events" // five known words, one of which has a blank
	}
	return false
}

// FuzzLoad holds that no text makes Load fail in another way than by its
// report, and that what it takes is safe.
func FuzzLoad(f *testing.F) {
	f.Add(full)
	f.Add(paired)
	f.Add(owned)
	for _, m := range mistakes {
		f.Add(m.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := &report{file: "teal.yaml"}
		d := newDraft(release.App{Dir: t.TempDir()})
		if root, ok := parse([]byte(text), out); ok {
			d.read(root)
		}
		if problems(t, out.err()) != nil {
			return
		}
		for _, where := range unsafe(d.app) {
			t.Errorf("something reached %s", where)
		}
	})
}
