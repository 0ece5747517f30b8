package internal

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The README in another language has the same sections in the same order, and
// the same commands: only words and remarks may differ.
func TestTheKoreanReadmeKeepsStep(t *testing.T) {
	english, korean := readme(t, "../README.md"), readme(t, "../README.ko.md")
	for name, part := range map[string]func(string) []string{"headings": levels, "code": commands, "links": links} {
		if one, other := part(english), part(korean); !slices.Equal(one, other) {
			t.Errorf("the %s differ:\n%q\n%q", name, one, other)
		}
	}
}

func readme(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	heading = regexp.MustCompile(`(?m)^#+ `)
	link    = regexp.MustCompile(`\]\(([^)]*)\)`)
)

func levels(text string) []string { return heading.FindAllString(fence.ReplaceAllString(text, ""), -1) }

// commands are the lines of the code blocks without their remarks.
func commands(text string) []string {
	var list []string
	for _, block := range fence.FindAllString(text, -1) {
		for line := range strings.Lines(block) {
			command, _, _ := strings.Cut(line, "# ")
			list = append(list, strings.TrimSpace(command))
		}
	}
	return list
}

func links(text string) []string {
	var list []string
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		list = append(list, found[1])
	}
	return list
}
