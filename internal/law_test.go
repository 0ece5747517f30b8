package internal_test

import (
	"slices"
	"strings"
	"testing"
)

// ban is one article of the import law.
type ban struct {
	name   string
	why    string
	breaks func(s source, imported string) bool
}

// bans is the whole law. A room that isn't named here is an adapter.
var bans = []ban{
	{
		name: "release imports the standard library alone",
		why:  "every room speaks its words, so it can't know any of them",
		breaks: func(s source, imported string) bool {
			return s.room() == "release" && !s.test() && !standard(imported)
		},
	},
	{
		name: "release's tests know no other room",
		why:  "words that need a room to be tested are that room's words",
		breaks: func(s source, imported string) bool {
			return s.room() == "release" && roomOf(imported) != "" && roomOf(imported) != "release"
		},
	},
	{
		name: "plan, judge, adopt and recipe know release alone",
		why:  "they are pure: what they decide is tested without Docker or nginx",
		breaks: func(s source, imported string) bool {
			reads := s.room() == "adopt" && imported == language
			return slices.Contains(pure, s.room()) && foreign(s, imported) && !reads
		},
	},
	{
		name: "plan, judge, adopt and recipe touch nothing",
		why:  "a decision that reads a file, a clock's tick or a socket can't be replayed",
		breaks: func(s source, imported string) bool {
			return slices.Contains(pure, s.room()) && !s.test() && touches(imported)
		},
	},
	{
		name: "nginx/conf imports the standard library alone, and touches nothing",
		why:  "it only reads nginx's language, for adopt as for nginx: what a site means is theirs to say",
		breaks: func(s source, imported string) bool {
			return s.in("internal/nginx/conf") && !s.test() && (!standard(imported) || touches(imported))
		},
	},
	{
		name: "deploy knows release and plan alone",
		why:  "it declares the interfaces it needs, adapters fit them without knowing it",
		breaks: func(s source, imported string) bool {
			return s.room() == "deploy" && !s.test() && foreign(s, imported) && roomOf(imported) != "plan"
		},
	},
	{
		name: "an adapter knows release alone",
		why:  "one package a technology: what joins two of them is wired in cli",
		breaks: func(s source, imported string) bool {
			return adapter(s.room()) && !s.test() && foreign(s, imported)
		},
	},
	{
		name: "an adapter's tests use no other room but the witness",
		why:  "a test that needs two adapters is a scenario; the witness is the client that all may be watched by",
		breaks: func(s source, imported string) bool {
			return adapter(s.room()) && s.test() && foreign(s, imported) && roomOf(imported) != "witness"
		},
	},
	{
		name: "a technology stays in its room",
		why:  "its types and its faults are hidden there, and it can be replaced there",
		breaks: func(s source, imported string) bool {
			return s.room() != "" && !s.test() && homeOf(imported) != "" && homeOf(imported) != s.room()
		},
	},
	{
		name: "what ships imports no test, bench or example",
		why:  "teal must not depend on what shows or measures it; a room's tests may check by what all tests check by",
		breaks: func(s source, imported string) bool {
			checks := s.test() && folderOf(imported) == "test"
			return s.in("cmd", "internal") && !checks && slices.Contains([]string{"cmd", "test", "bench", "examples"}, folderOf(imported))
		},
	},
}

// folderOf is the first folder of a package of the module, "" for others.
func folderOf(imported string) string {
	rest, _ := strings.CutPrefix(imported, "teal/")
	if rest == imported {
		return ""
	}
	folder, _, _ := strings.Cut(rest, "/")
	return folder
}

// language is the one reader of nginx's configuration. It is pure, so adopt may
// know it although it stands in nginx's room.
const language = "teal/internal/nginx/conf"

var pure = []string{"plan", "judge", "adopt", "recipe"}

// homes are the rooms of technologies, by the beginning of import paths.
var homes = map[string]string{
	"github.com/docker/":       "compose",
	"github.com/compose-spec/": "compose",
	"github.com/moby/":         "compose",
	"modernc.org/sqlite":       "journal",
	"database/sql":             "journal",
	"github.com/spf13/cobra":   "cli",
}

func homeOf(imported string) string {
	for prefix, room := range homes {
		if strings.HasPrefix(imported, prefix) {
			return room
		}
	}
	return ""
}

// adapter reports whether the room stands between teal and one technology.
func adapter(room string) bool {
	return room != "" && !slices.Contains(append([]string{"release", "deploy", "cli"}, pure...), room)
}

// foreign reports whether a room of teal is imported that is neither the
// file's own nor release.
func foreign(s source, imported string) bool {
	room := roomOf(imported)
	return room != "" && room != s.room() && room != "release"
}

func roomOf(imported string) string {
	rest, ok := strings.CutPrefix(imported, "teal/internal/")
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(rest, "/")
	return room
}

func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != "teal" && !strings.Contains(first, ".")
}

func touches(imported string) bool {
	return imported == "os" || imported == "net" || imported == "syscall" ||
		strings.HasPrefix(imported, "os/") || strings.HasPrefix(imported, "net/http")
}

func TestEveryImportKeepsTheLaw(t *testing.T) {
	for _, s := range module(t) {
		for _, b := range bans {
			for _, imported := range s.imports() {
				if b.breaks(s, imported) {
					t.Errorf("%s imports %s\n\tbut %s: %s", s.path, imported, b.name, b.why)
				}
			}
		}
	}
}

// TestEachBanFailsOnAFileThatBreaksIt breaks each article once, and once each
// of its exceptions' neighbours, so that no ban is a dead letter.
func TestEachBanFailsOnAFileThatBreaksIt(t *testing.T) {
	broken := map[string][][2]string{
		"release imports the standard library alone":                         {{"internal/release/x.go", "github.com/google/go-cmp/cmp"}, {"internal/release/x.go", "teal/internal/term"}},
		"release's tests know no other room":                                 {{"internal/release/x_test.go", "teal/internal/plan"}},
		"plan, judge, adopt and recipe know release alone":                   {{"internal/plan/x.go", "teal/internal/deploy"}, {"internal/judge/x_test.go", "teal/internal/nginx"}, {"internal/adopt/x.go", "teal/internal/compose"}, {"internal/adopt/x.go", "teal/internal/nginx"}, {"internal/plan/x.go", language}, {"internal/recipe/x.go", "teal/internal/config"}},
		"plan, judge, adopt and recipe touch nothing":                        {{"internal/plan/x.go", "os"}, {"internal/judge/x.go", "net/http"}, {"internal/adopt/x.go", "os/exec"}, {"internal/recipe/x.go", "os"}},
		"nginx/conf imports the standard library alone, and touches nothing": {{"internal/nginx/conf/x.go", "teal/internal/release"}, {"internal/nginx/conf/x.go", "github.com/google/go-cmp/cmp"}, {"internal/nginx/conf/x.go", "os"}},
		"deploy knows release and plan alone":                                {{"internal/deploy/x.go", "teal/internal/nginx"}, {"internal/deploy/x.go", "teal/internal/cli"}},
		"an adapter knows release alone":                                     {{"internal/nginx/x.go", "teal/internal/deploy"}, {"internal/nginx/render/x.go", "teal/internal/config"}, {"internal/brandnew/x.go", "teal/internal/witness"}, {"internal/doctor/x.go", language}},
		"an adapter's tests use no other room but the witness":               {{"internal/compose/x_test.go", "teal/internal/nginx"}},
		"a technology stays in its room":                                     {{"internal/cli/x.go", "github.com/docker/compose/v5/pkg/api"}, {"internal/deploy/x.go", "modernc.org/sqlite"}, {"internal/term/x.go", "github.com/spf13/cobra"}},
		"what ships imports no test, bench or example":                       {{"internal/term/x.go", "teal/test/load"}, {"cmd/teal/x.go", "teal/examples/demo/app/serve"}, {"internal/term/x_test.go", "teal/examples/demo/app/serve"}},
	}
	for _, b := range bans {
		if len(broken[b.name]) == 0 {
			t.Errorf("nothing breaks %q", b.name)
		}
		for _, c := range broken[b.name] {
			if !b.breaks(source{path: c[0]}, c[1]) {
				t.Errorf("%s may import %s, in spite of %q", c[0], c[1], b.name)
			}
		}
	}
}

func TestTheLawLetsTheRoomsDoTheirWork(t *testing.T) {
	for _, c := range [][2]string{
		{"internal/release/x.go", "net/netip"},
		{"internal/plan/x.go", "teal/internal/release"},
		{"internal/adopt/x.go", language},
		{"internal/nginx/x.go", language},
		{"internal/nginx/conf/x.go", "io/fs"},
		{"internal/nginx/conf/x_test.go", "pgregory.net/rapid"},
		{"internal/deploy/x.go", "teal/internal/plan"},
		{"internal/nginx/router.go", "teal/internal/nginx/render"},
		{"internal/nginx/x_test.go", "teal/internal/witness"},
		{"internal/probe/x_test.go", "github.com/moby/moby/client"},
		{"internal/compose/x.go", "github.com/docker/cli/cli/command"},
		{"internal/cli/x.go", "teal/internal/compose"},
		{"internal/recipe/x.go", "teal/internal/release"},
		{"internal/recipe/x_test.go", "github.com/rhysd/actionlint"},
		{"internal/notify/x.go", "net/http"},
		{"internal/notify/x_test.go", "teal/test/slack"},
		{"test/e2e/x_test.go", "teal/internal/cli"},
		{"examples/demo/main.go", "teal/internal/witness"},
		{"test/load/main.go", "teal/examples/demo/app/serve"},
	} {
		for _, b := range bans {
			if b.breaks(source{path: c[0]}, c[1]) {
				t.Errorf("%s may not import %s because %q", c[0], c[1], b.name)
			}
		}
	}
}
