package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"teal/test/before/layout"
)

// Each command of teal's that a page shows in a block is run by a test, from
// the page itself. Which test runs a block is said by what stands behind the
// block's language: sh use.

// pageRuns are the blocks that a test of this folder runs: page and info
// string, and the test. A page of * is any.
var pageRuns = []struct{ page, info, test string }{
	{"*", "sh use", "TestScenarioTheCommandsOfTheDocumentationWork"},
	{"adopting.md", "sh adopt", "TestScenarioThePageOnAdoptingHolds"},
	{"adopting.md", "sh nginx", "TestScenarioThePageOnAdoptingAnNginxHolds"},
	{"configuration.md", "sh editor", "TestScenarioThePageOnConfigurationHolds"},
	{"remote.md", "sh remote", "TestScenarioThePageOnHostsHolds"},
	{"three-tiers", "sh scenario", "TestScenarioThreeTiersAreAdoptedAndSwitchAtOneInstant"},
	{"two-compose-files", "sh scenario", "TestScenarioTwoComposeFilesAreAdoptedAndReleasedByCodeDeploy"},
	{"nginx-container", "sh scenario", "TestScenarioAnNginxContainerOfTheProjectIsTakenOverWithItsServers"},
	{"shared-database", "sh scenario", "TestScenarioASharedDatabaseStaysAndBothProxiesSwitch"},
	{"registry-and-backup", "sh scenario", "TestScenarioMainAndBackupAreAdoptedAndReleasedByGitHub"},
}

// notRun are the blocks that no test runs as they stand, each with its reason.
var notRun = []struct{ page, info, reason string }{
	{"two-compose-files", "sh hook", "the line is CodeDeploy's to run, from the hook that teal ci writes: the example's scenario runs the hook"},
}

// pages are all that people read: their paths by the name that a row has.
func pages(t *testing.T) map[string]string {
	t.Helper()
	named := map[string]string{"README.md": "../../README.md"}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range docs {
		named[filepath.Base(path)] = path
	}
	examples, err := filepath.Glob("../../examples/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range examples {
		named[filepath.Base(filepath.Dir(path))] = path
	}
	return named
}

// fenced is a block of a page.
type fenced struct{ info, text string }

var (
	fence = regexp.MustCompile("(?ms)^ *```([^`\n]*)\n(.*?)^ *```$")
	// ours is teal where a shell would begin a command with it.
	ours = regexp.MustCompile(`(^|&& |\| |exec )([A-Za-z_]+=\S* )*teal( |$)`)
)

func blocks(text string) []fenced {
	var all []fenced
	for _, b := range fence.FindAllStringSubmatch(text, -1) {
		all = append(all, fenced{strings.TrimSpace(b[1]), b[2]})
	}
	return all
}

// commands are the lines that run teal.
func (b fenced) commands() []string {
	var lines []string
	for line := range strings.Lines(b.text) {
		if line = strings.TrimSpace(line); ours.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestEachCommandOnAPageIsRunByATest(t *testing.T) {
	tests, used := sources(t), map[string]bool{}
	for name, path := range pages(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks(string(text)) {
			lines := b.commands()
			if len(lines) == 0 {
				continue
			}
			row := name + " " + b.info
			used[row], used["* "+b.info] = true, true
			if !promised(tests, name, b.info) {
				t.Errorf("%s: no test runs the block %q of %q: give it a row in pageRuns, or in notRun with the reason", path, b.info, lines[0])
			}
		}
	}
	for _, r := range pageRuns {
		if !used[r.page+" "+r.info] {
			t.Errorf("no page has a block for the row %v", r)
		}
	}
	for _, r := range notRun {
		if !used[r.page+" "+r.info] || r.reason == "" {
			t.Errorf("no page has a block for the row %v, or the row no reason", r)
		}
	}
}

// promised reports whether a row knows the block, and its test speaks of it.
func promised(tests, page, info string) bool {
	for _, r := range notRun {
		if r.page == page && r.info == info {
			return true
		}
	}
	for _, r := range pageRuns {
		if r.info != info || r.page != page && (r.page != "*" || !strings.HasSuffix(page, ".md")) {
			continue
		}
		_, body, found := strings.Cut(tests, "\nfunc "+r.test+"(")
		body, _, _ = strings.Cut(body, "\n}\n")
		return found && (strings.Contains(body, strconv.Quote(info)) || strings.Contains(body, `.follows(`) || strings.Contains(body, "runPage("))
	}
	return false
}

// sources are the tests of this folder as one text.
func sources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// documented runs one line of a page: environment first, then teal. Commands
// joined by && and |, and a file behind >, are what a shell makes of them.
func (a *app) documented(line string) {
	a.t.Helper()
	text, want := exitOf(a.t, line)
	for _, joined := range strings.Split(text, " && ") {
		stdin := ""
		for _, piped := range strings.Split(joined, " | ") {
			stdin = a.oneOf(strings.TrimSpace(piped), stdin, want)
		}
	}
}

// exitOf is the line without its remark, and the exit code that this names.
func exitOf(t *testing.T, line string) (text string, code int) {
	t.Helper()
	text, remark, _ := strings.Cut(line, "#")
	if _, given, fails := strings.Cut(remark, "exit "); fails {
		number, _, _ := strings.Cut(given, ":")
		var err error
		if code, err = strconv.Atoi(strings.TrimSpace(number)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return text, code
}

// oneOf runs one command and returns what it prints.
func (a *app) oneOf(text, stdin string, want int) string {
	a.t.Helper()
	if other := a.others[text]; other != nil {
		return other()
	}
	text, file, redirected := strings.Cut(text, " > ")
	env, args, is := split(text)
	if !is {
		a.t.Fatalf("the page runs %q, not teal", text)
	}
	r := a.fed(stdin, built.teal, env, args...)
	if r.code != want {
		a.t.Errorf("%s\n%v", text, r)
	}
	if redirected {
		a.write(strings.TrimSpace(file), r.stdout)
	}
	return r.stdout
}

// split takes a command of teal apart.
func split(text string) (env, args []string, is bool) {
	words := strings.Fields(text)
	n := slices.IndexFunc(words, func(w string) bool { return !strings.Contains(w, "=") })
	if n < 0 || words[n] != "teal" {
		return nil, nil, false
	}
	return words[:n], words[n+1:], true
}

// follows checks that the scenario has run the commands of teal that its
// example's page shows, in their order. What the copy has differently, ports,
// names and folders, is as in the example again; an nginx of this machine is
// the copy's.
func (a *app) follows(s *layout.Stand) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples", s.Name, "README.md"))
	if err != nil {
		a.t.Fatal(err)
	}
	left := a.ran
	for _, b := range blocks(string(text)) {
		if b.info != "sh scenario" {
			continue
		}
		for _, line := range b.commands() {
			at := slices.IndexFunc(left, func(r ran) bool { return r.is(a.t, line, s) })
			if at < 0 {
				a.t.Errorf("the scenario does not run %q, or not in that order", line)
				continue
			}
			left = left[at+1:]
		}
	}
}

// is reports whether that was the line's command, and ended as it says. Values
// of variables, which say what is released, may be others.
func (r ran) is(t *testing.T, line string, s *layout.Stand) bool {
	text, code := exitOf(t, line)
	at := ours.FindStringIndex(text)
	text, _, _ = strings.Cut(text[at[0]:], " && nginx")
	env, args, _ := split(strings.TrimLeft(text, "&| "))
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if !slices.ContainsFunc(r.env, func(have string) bool { return strings.HasPrefix(have, name+"=") }) {
			return false
		}
	}
	was := s.Original(r.args)
	return r.code == code && (was == strings.Join(args, " ") || strings.Replace(was, " --nginx /etc/nginx/nginx.conf", "", 1) == strings.Join(args, " "))
}
