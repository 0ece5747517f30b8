package conf

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// edited applies one edit to the directive named d of a text.
func edited(t *testing.T, text string, change func(*Edits, *Directive) error) (string, error) {
	t.Helper()
	tree := loaded(t, map[string]string{"nginx.conf": text})
	nodes := tree.Named("d")
	if len(nodes) != 1 {
		t.Fatalf("%d directives named d in %q", len(nodes), text)
	}
	var edits Edits
	if err := change(&edits, nodes[0].Directive); err != nil {
		return "", err
	}
	changes, err := edits.Changes()
	if err != nil {
		return "", err
	}
	return changes[0].After, nil
}

func replace(word string) func(*Edits, *Directive) error {
	return func(e *Edits, d *Directive) error { return e.Replace(d, 0, word) }
}

func before(text string) func(*Edits, *Directive) error {
	return func(e *Edits, d *Directive) error { return e.InsertBefore(d, text) }
}

func after(text string) func(*Edits, *Directive) error {
	return func(e *Edits, d *Directive) error { return e.InsertAfter(d, text) }
}

func remove(e *Edits, d *Directive) error {
	e.Remove(d)
	return nil
}

func TestAnEditChangesItsPlaceAlone(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		change func(*Edits, *Directive) error
		want   string
	}{
		"another argument":               {"a;\n\td  x  y; # c\n", replace("z"), "a;\n\td  z  y; # c\n"},
		"a quoted one":                   {"d 'x';", replace(`"z w"`), `d "z w";`},
		"before, by tabs":                {"a {\n\t\td;\n}\n", before("n 1;"), "a {\n\t\tn 1;\n\t\td;\n}\n"},
		"before, two lines":              {"a {\r\n  d;\r\n}\r\n", before("n {\n    m;\n\n}\n"), "a {\r\n  n {\r\n      m;\r\n\r\n  }\r\n  d;\r\n}\r\n"},
		"before, under a comment":        {"# c\nd;", before("n;"), "# c\nn;\nd;"},
		"before, in a shared line":       {"a { d; }", before("n;"), "a { n; d; }"},
		"after":                          {"a {\n  d; # c\n}\n", after("n;"), "a {\n  d; # c\n  n;\n}\n"},
		"after a block":                  {"  d {\n    x;\n  }\ne;\n", after("n;"), "  d {\n    x;\n  }\n  n;\ne;\n"},
		"after many lines":               {"  d a\n      b;\ne;\n", after("n;"), "  d a\n      b;\n  n;\ne;\n"},
		"after, at the end":              {"a;\n\td;\n", after("n;"), "a;\n\td;\n\tn;\n"},
		"after, without a line end":      {"a;\r\n\td;", after("n;"), "a;\r\n\td;\r\n\tn;"},
		"after, a comment at the end":    {"d; # c", after("n;"), "d; # c\nn;"},
		"after, in a shared line":        {"a { d; }", after("n;"), "a { d; n; }"},
		"after, before a neighbour":      {"d;e;", after("n;"), "d; n;e;"},
		"after, in the block's line":     {"a { d;\n}\n", after("n;"), "a { d;\nn;\n}\n"},
		"remove a line":                  {"a;\n\td x\n y; # c\ne;\n", remove, "a;\ne;\n"},
		"remove under a comment":         {"# c\nd;\ne;", remove, "# c\ne;"},
		"remove the last line":           {"a;\nd;", remove, "a;\n"},
		"remove a block":                 {"a;\n\td {\n x;\n }\r\ne;\n", remove, "a;\ne;\n"},
		"remove from a shared line":      {"a { d; e; }", remove, "a { e; }"},
		"remove the only one in a line":  {"a { d; }", remove, "a { }"},
		"remove the last of a line":      {"a; d;\ne;", remove, "a;\ne;"},
		"remove before a comment":        {"a; d; # c\n", remove, "a; # c\n"},
		"after a line of its own ending": {"a;\nd;\r\ne;\n", after("n;"), "a;\nd;\r\nn;\r\ne;\n"},
	} {
		got, err := edited(t, c.text, c.change)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got != c.want {
			t.Errorf("%s\n got %q\nwant %q", name, got, c.want)
		}
	}
}

func TestAnEditThatWouldBreakTheFileIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		change func(*Edits, *Directive) error
	}{
		"no such argument":             {"d;", replace("x")},
		"two words":                    {"d x;", replace("y z")},
		"no word":                      {"d x;", replace("")},
		"a word and an end":            {"d x;", replace("y; z")},
		"a word and a comment":         {"d x;", replace("y #")},
		"blanks around a word":         {"d x;", replace(" y")},
		"an open quote":                {"d x;", replace(`"y`)},
		"a block for a word":           {"d x;", replace("y { z; }")},
		"a word before a bracket":      {`d "x") { }`, replace("y")},
		"a dollar before a brace":      {`d x{ }`, replace("y$")},
		"an unended directive":         {"d;", before("n")},
		"a brace that closes":          {"a { d; }", after("} n {")},
		"a brace that opens":           {"a { d; }", after("n {")},
		"nothing":                      {"d;", before(" \n")},
		"a comment alone":              {"d;", before("# c")},
		"a comment in a shared line":   {"a { d; }", after("n; # c")},
		"lines in a shared line":       {"a { d; }", before("n;\nm;")},
		"a comment before a neighbour": {"d;e;", after("n; # c")},
	} {
		if got, err := edited(t, c.text, c.change); err == nil {
			t.Errorf("%s: %q became %q", name, c.text, got)
		}
	}
}

func TestManyEditsOfManyFilesMakeOneChangeEach(t *testing.T) {
	tree := loaded(t, map[string]string{
		"nginx.conf": "include a;\ninclude b;\ninclude c;\n", "a": "one 1;\ntwo 2;\n", "b": "three 3; four 4; five 5;\n", "c": "kept;\n",
	})
	find := func(name string) *Directive { return tree.Named(name)[0].Directive }
	var edits Edits
	for _, err := range []error{
		edits.InsertAfter(find("one"), "first;"), edits.InsertAfter(find("one"), "second;"), edits.InsertBefore(find("two"), "third;"),
		edits.Replace(find("two"), 0, "zwei"), edits.InsertBefore(find("one"), "zeroth;"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	edits.Remove(find("four"))
	edits.Remove(find("five"))
	changes, err := edits.Changes()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range changes {
		got[c.Path] = c.After
	}
	want := map[string]string{"/etc/nginx/a": "zeroth;\none 1;\nfirst;\nsecond;\nthird;\ntwo zwei;\n", "/etc/nginx/b": "three 3;\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNeighboursInALineCanBothBeRemoved(t *testing.T) {
	tree := loaded(t, map[string]string{"nginx.conf": "a {\n  d; d; e;\n}\n"})
	var edits Edits
	for _, n := range tree.Named("d") {
		edits.Remove(n.Directive)
	}
	changes, err := edits.Changes()
	if err != nil || changes[0].After != "a {\n   e;\n}\n" {
		t.Errorf("it became %+v, %v", changes, err)
	}
}

func TestTwoEditsOfOnePlaceAreRefused(t *testing.T) {
	got, err := edited(t, "a;\n d x;\n", func(e *Edits, d *Directive) error {
		e.Remove(d)
		return e.Replace(d, 0, "y")
	})
	if err == nil || !strings.Contains(err.Error(), "/etc/nginx/nginx.conf:2:4: two edits") {
		t.Errorf("it became %q, %v", got, err)
	}
}

func TestADiffShowsTheChangedLinesWithThreeAround(t *testing.T) {
	text := "a 1;\na 2;\na 3;\na 4;\na 5;\na 6;\na 7;\na 8;\na 9;\na 10;\na 11;\na 12;\na 13;\na 14;"
	tree := loaded(t, map[string]string{"nginx.conf": text})
	line := func(n int) *Directive { return tree.Named("a", strconv.Itoa(n))[0].Directive }
	var edits Edits
	edits.Remove(line(5))
	for _, err := range []error{edits.InsertBefore(line(6), "b;\nb 2;"), edits.InsertAfter(line(14), "c;"), edits.Replace(line(1), 0, "1")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	changes, err := edits.Changes()
	if err != nil {
		t.Fatal(err)
	}
	want := `--- a/etc/nginx/nginx.conf
+++ b/etc/nginx/nginx.conf
@@ -2,7 +2,8 @@
 a 2;
 a 3;
 a 4;
-a 5;
+b;
+b 2;
 a 6;
 a 7;
 a 8;
@@ -11,4 +12,5 @@
 a 11;
 a 12;
 a 13;
-a 14;
\ No newline at end of file
+a 14;
+c;
\ No newline at end of file
`
	if diff := cmp.Diff(want, changes[0].Diff()); diff != "" {
		t.Error(diff)
	}
	nothing, err := edited(t, "d;\n", remove)
	emptied := Changed{Path: "x", Before: "d;\n", After: nothing, edits: []edit{{0, 3, ""}}}
	if want := "--- a/x\n+++ b/x\n@@ -1 +0,0 @@\n-d;\n"; err != nil || emptied.Diff() != want {
		t.Errorf("an emptied file: %q, %v", emptied.Diff(), err)
	}
	if unchanged := (Changed{Before: "a", After: "a"}).Diff(); unchanged != "" {
		t.Errorf("nothing changed, and the diff is %q", unchanged)
	}
}

// TestGitAppliesAnyDiffToTheSameBytes draws edits and has git make the file of
// the old one and the diff.
func TestGitAppliesAnyDiffToTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		c, drawn := drawnChange(r)
		if !drawn || c.Before == c.After {
			return
		}
		keep(t, dir, "nginx.conf", c.Before)
		keep(t, dir, "change.diff", c.Diff())
		cmd := exec.CommandContext(t.Context(), "git", "apply", "--whitespace=nowarn", "-p1", "change.diff")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CEILING_DIRECTORIES="+dir, "GIT_DIR="+filepath.Join(dir, "none"))
		if out, err := cmd.CombinedOutput(); err != nil {
			r.Fatalf("%v: %s\n%s", err, out, c.Diff())
		}
		got, err := os.ReadFile(filepath.Join(dir, "nginx.conf"))
		if err != nil {
			r.Fatal(err)
		}
		if string(got) != c.After {
			r.Fatalf("git made\n%q of\n%s, not\n%q", got, c.Diff(), c.After)
		}
	})
}

// drawnChange edits a drawn file in drawn places; false where the edits contradict
// each other.
func drawnChange(r *rapid.T) (Changed, bool) {
	f, err := Parse("nginx.conf", []byte(block(2).Draw(r, "one")+"\n"+block(2).Draw(r, "two")))
	if err != nil {
		r.Fatal(err)
	}
	var edits Edits
	all := below(f.Top)
	for range min(len(all), rapid.IntRange(0, 5).Draw(r, "edits")) {
		d := rapid.SampledFrom(all).Draw(r, "directive")
		switch rapid.IntRange(0, 3).Draw(r, "what") {
		case 0:
			edits.Remove(d)
		case 1:
			_ = edits.InsertBefore(d, "n 1;\nm;") // refused in a shared line
		case 2:
			_ = edits.InsertAfter(d, "n 2;")
		default:
			_ = edits.Replace(d, 0, "'w'") // not every directive has an argument
		}
	}
	changes, err := edits.Changes()
	if err != nil || len(changes) == 0 {
		return Changed{}, false
	}
	return changes[0], true
}

func below(of []*Directive) []*Directive {
	var all []*Directive
	for _, d := range of {
		all = append(append(all, d), below(d.Block)...)
	}
	return all
}
