package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func rootOf(t *testing.T, args ...string) (*cobra.Command, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	env := Env{Args: args, Version: "v0-test", Getenv: func(string) string { return "" }, In: strings.NewReader(""), Out: &out, Err: &out}
	return newRoot(&globals{env: env}), &out
}

// Examples are command lines: each names its command and takes flags that
// there are.
func TestEveryCommandHasAnExampleThatIsOne(t *testing.T) {
	root, _ := rootOf(t)
	for _, c := range described(root) {
		if c.Name() == "help" || c.HasParent() && c.Parent().Name() == "completion" {
			continue // cobra's own say in their text how they are used
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			typed := typedIn(line)
			target, rest, err := root.Find(typed)
			if err != nil || !strings.HasPrefix(target.CommandPath(), c.CommandPath()) {
				t.Errorf("%s: %q is for %s: %v", c.CommandPath(), line, target.CommandPath(), err)
				continue
			}
			if err := target.ParseFlags(rest); err != nil {
				t.Errorf("%s: %q: %v", c.CommandPath(), line, err)
			}
		}
	}
}

// typedIn are the arguments of the example's teal, without what stands around
// it: variables before, a pipe or a remark behind.
func typedIn(line string) []string {
	line, _, _ = strings.Cut(strings.TrimSpace(line), " # ")
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, " > ")
	words := strings.Fields(line)
	for len(words) > 0 && words[0] != "teal" {
		words = words[1:]
	}
	return words[1:]
}

func TestHelpGroupsTheCommandsByWhatTheyAreFor(t *testing.T) {
	root, out := rootOf(t, "--help")
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	at := -1
	for _, part := range []string{"Examples:", "\nRelease:", "\n  deploy ", "\n  rollback ", "\nSee what is there:", "\n  status ", "\nSet up and take down:", "\n  doctor ", "\nMore:", "\n  completion ", "\n  help ", "--quiet"} {
		next := strings.Index(text, part)
		if next <= at {
			t.Errorf("%q is not where it belongs in\n%s", part, text)
		}
		at = next
	}
	if strings.Contains(text, "Additional") {
		t.Errorf("a command is in no group:\n%s", text)
	}
}
