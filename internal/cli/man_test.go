package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func manualPages(t *testing.T) (dir string, pages []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "man1")
	called(t, t.TempDir(), "man", dir)
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	return dir, pages
}

// groff is asked where it is there; the lines themselves are checked below
// wherever it isn't.
func TestEachManualPageIsSetWithoutAWarning(t *testing.T) {
	_, pages := manualPages(t)
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("groff is not installed: the pages' lines are all that is checked")
		return
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-Tascii", "-ww", "-z", page).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(page), err, out)
		}
	}
}

// known are the requests that pages may have: all else that begins like one
// would be text that became one.
var known = regexp.MustCompile(`^\.(TH|SH|B|BR|TP|PP|EX|EE)( "[^"]*")*$`)

func TestEachManualPageIsWhole(t *testing.T) {
	_, pages := manualPages(t)
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, part := range []string{".SH \"NAME\"\n" + strings.ReplaceAll(strings.TrimSuffix(filepath.Base(page), ".1"), "-", `\-`) + ` \- `, `.SH "SYNOPSIS"`, `.SH "DESCRIPTION"`, `.SH "EXIT STATUS"`, `.SH "SEE ALSO"`} {
			if !strings.Contains(text, part) {
				t.Errorf("%s has no %q\n%s", filepath.Base(page), part, text)
			}
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, ".") && !known.MatchString(strings.TrimSpace(line)) || strings.HasPrefix(line, "'") {
				t.Errorf("%s: %s", filepath.Base(page), line)
			}
		}
	}
}

func TestEveryCommandAndFlagHasItsPlaceInTheManual(t *testing.T) {
	dir, _ := manualPages(t)
	for page, parts := range map[string][]string{
		"teal.1":          {"teal\\-deploy", "teal\\-doctor", `\-\-host`},
		"teal-rollback.1": {`.B "\-\-to int"`, "number of the release", `.SH "GLOBAL OPTIONS"`, `\-\-json`},
		"teal-proxy-up.1": {`.BR "teal\-proxy" "(1)"`, `\-\-nginx`},
		"teal-man.1":      {".EX", `.SH "EXAMPLES"`, "teal man /usr/local/share/man/man1"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Error(err)
		}
		for _, part := range parts {
			if !strings.Contains(string(b), part) {
				t.Errorf("%s has no %q\n%s", page, part, b)
			}
		}
	}
}

// Text from the help can't become a request of roff's.
func TestTextOfAManualPageIsTextToRoff(t *testing.T) {
	var r roff
	r.text(".SH evil\n'ds x\nback\\slash -x")
	r.macro("B", `"quoted" \n -x`)
	const want = "\\&.SH evil\n\\&'ds x\nback\\eslash \\-x\n.B \"\\(dqquoted\\(dq \\en \\-x\"\n"
	if got := r.String(); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}
