package render

import (
	"regexp"
	"slices"
	"testing"
)

// definesForm is where the configuration makes a variable.
var definesForm = regexp.MustCompile(`(?m)^\s*(?:(?:map|geo|split_clients) \S+ (\$\w+) \{|set (\$\w+) )`)

func defined(t *testing.T, in Input) []string {
	t.Helper()
	out, err := Site(in)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range definesForm.FindAllStringSubmatch(string(out.Text), -1) {
		names = append(names, m[1]+m[2])
	}
	return names
}

// nginx clears room for every variable of its whole configuration in each
// request (ngx_http_alloc_request), 16 bytes each, and looks through all of them
// for each that the configuration names (ngx_http_get_variable_index).
func TestAnAppMoreMakesNoVariableMore(t *testing.T) {
	first := defined(t, input(t))
	if len(first) < 8 {
		t.Fatalf("only %q are found", first)
	}
	second := input(t)
	second.App.Name, second.App.Site.Hosts = "other", []string{"other.example"}
	for _, name := range defined(t, second) {
		if !slices.Contains(first, name) {
			t.Errorf("%s is the other app's alone", name)
		}
	}
}
