package conf

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// site is a file system of texts, by path below /etc/nginx.
func site(texts map[string]string) fs.FS {
	fsys := fstest.MapFS{}
	for path, text := range texts {
		fsys["etc/nginx/"+path] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func loaded(t *testing.T, texts map[string]string) *Tree {
	t.Helper()
	tree, err := Load(site(texts), "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// order is the tree's directives in nginx's order, each with its file.
func order(tree *Tree) []string {
	var all []string
	for _, n := range tree.Find(func(*Node) bool { return true }) {
		all = append(all, filepath.Base(n.File.Path)+" "+strings.Join(n.Values(), " "))
	}
	return all
}

func TestIncludesStandWhereTheyAreWritten(t *testing.T) {
	tree := loaded(t, map[string]string{
		"nginx.conf":     "a; http { include conf.d/*.conf; include /etc/nginx/one.conf; include none/*.conf; z; }",
		"one.conf":       "one; include ./conf.d/../deep;",
		"deep":           "deep;",
		"conf.d/10.conf": "ten;",
		"conf.d/9.conf":  "nine { inner; }",
		"conf.d/B.conf":  "b;",
		"conf.d/a.conf":  "a;",
		"conf.d/.c.conf": "hidden;",
		"conf.d/d.bak":   "backup;",
	})
	want := []string{
		"nginx.conf a", "nginx.conf http", "nginx.conf include conf.d/*.conf", "10.conf ten", "9.conf nine", "9.conf inner", "B.conf b", "a.conf a",
		"nginx.conf include /etc/nginx/one.conf", "one.conf one", "one.conf include ./conf.d/../deep", "deep deep", "nginx.conf include none/*.conf", "nginx.conf z",
	}
	if diff := cmp.Diff(want, order(tree)); diff != "" {
		t.Error(diff)
	}
	deep := tree.Named("deep")[0]
	if deep.Up.Name != "http" || len(deep.Via) != 2 || deep.Via[1].Place() != "/etc/nginx/one.conf:1:6" {
		t.Errorf("deep stands in %s, by %v", deep.Up.Name, deep.Via)
	}
}

func TestAPatternMayHaveWildFolders(t *testing.T) {
	tree := loaded(t, map[string]string{
		"nginx.conf": "include sites/*/[!x]?.conf; include /etc/./nginx/sites/../sites/b/*;", "sites/b/a1.conf": "b;", "sites/a/a1.conf": "a;", "sites/a/x1.conf": "x;", "sites/a/a12.conf": "long;", "sites/file": "f;",
	})
	if diff := cmp.Diff([]string{"nginx.conf include sites/*/[!x]?.conf", "a1.conf a", "a1.conf b", "nginx.conf include /etc/./nginx/sites/../sites/b/*", "a1.conf b"}, order(tree)); diff != "" {
		t.Error(diff)
	}
}

func TestAFileIncludedTwiceHasTwoNodesAndOneDirective(t *testing.T) {
	tree := loaded(t, map[string]string{"nginx.conf": "a { include p; } b { include p; }", "p": "x 1;"})
	nodes := tree.Named("x", "1")
	if len(nodes) != 2 || nodes[0].Up.Name != "a" || nodes[1].Up.Name != "b" || len(Written(nodes)) != 1 || len(tree.Files) != 2 {
		t.Errorf("%d nodes, %d directives, %d files", len(nodes), len(Written(nodes)), len(tree.Files))
	}
}

func TestAnIncludeThatCantBeFollowedIsToldWithItsChain(t *testing.T) {
	for name, c := range map[string]struct {
		texts map[string]string
		want  string
	}{
		"missing": {map[string]string{"nginx.conf": "a;\n include x.conf;"},
			`/etc/nginx/nginx.conf:2:2: include "x.conf": /etc/nginx/x.conf: file does not exist`},
		"missing further down": {map[string]string{"nginx.conf": "include b;", "b": "\ninclude c;"},
			`/etc/nginx/b:2:1: include "c": /etc/nginx/c: file does not exist (included from /etc/nginx/nginx.conf:1:1)`},
		"broken": {map[string]string{"nginx.conf": "include b;", "b": "include c;", "c": "}"},
			`/etc/nginx/c:1:1: unexpected "}": no block is open (included from /etc/nginx/nginx.conf:1:1, /etc/nginx/b:1:1)`},
		"a circle": {map[string]string{"nginx.conf": "include a;", "a": "x { include b; }", "b": "include a*;"},
			`/etc/nginx/b:1:1: include goes in a circle: /etc/nginx/a:1:5 → /etc/nginx/b:1:1 → /etc/nginx/a (included from /etc/nginx/nginx.conf:1:1, /etc/nginx/a:1:5)`},
		"itself": {map[string]string{"nginx.conf": "include *;"},
			`/etc/nginx/nginx.conf:1:1: include goes in a circle: /etc/nginx/nginx.conf:1:1 → /etc/nginx/nginx.conf`},
		"a block": {map[string]string{"nginx.conf": "include a { }"},
			`/etc/nginx/nginx.conf:1:1: include takes no block: is the ";" before it missing`},
		"two": {map[string]string{"nginx.conf": "include a b;"},
			`/etc/nginx/nginx.conf:1:1: include takes one file or pattern, not 2`},
		"a block among entries": {map[string]string{"nginx.conf": "map $a $b { include e; }", "e": "x 1;\ny { }"},
			`/etc/nginx/e:2:1: unexpected "{": map takes entries alone (included from /etc/nginx/nginx.conf:1:13)`},
		"a byte order mark": {map[string]string{"nginx.conf": "\ufeffhttp { }"},
			`/etc/nginx/nginx.conf:1:1: the file begins with a byte order mark, which nginx takes for a part of the first directive`},
	} {
		_, err := Load(site(c.texts), "/etc/nginx/nginx.conf")
		var own *Error
		if !errors.As(err, &own) || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", name, err, c.want)
		}
	}
}

func TestAMainFileThatIsMissingIsTheFileSystemsError(t *testing.T) {
	if _, err := Load(site(nil), "/etc/nginx/nginx.conf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is %v", err)
	}
}

func TestIncludesThatMultiplyAreRefused(t *testing.T) {
	texts := map[string]string{"nginx.conf": "include a0;"}
	for i := range 22 {
		name := string(rune('a'+i)) + "0"
		next := string(rune('a'+i+1)) + "0"
		texts[name] = "include " + next + "; include " + next + ";"
	}
	texts["w0"] = "x;"
	if _, err := Load(site(texts), "/etc/nginx/nginx.conf"); err == nil || !strings.Contains(err.Error(), "more than 500000 directives") {
		t.Errorf("it is %.200v", err)
	}
}

func TestADumpIsReadAsTheFilesThatItWasMadeOf(t *testing.T) {
	dir := t.TempDir()
	keep(t, dir, "nginx.conf", "events {}\nhttp {\n  include conf.d/*.conf;\n  include ./types;\n # configuration file /not/at/the/beginning:\n}")
	keep(t, dir, "conf.d/a.conf", "server_tokens off; # no line feed")
	keep(t, dir, "conf.d/b.conf", "")
	keep(t, dir, "conf.d/c.conf", "\n\n# configuration file "+dir+"/conf.d/a.conf:\netag off;\n\n")
	keep(t, dir, "types", "types {\r\n}\r\n")
	fromDisk, err := Load(os.DirFS("/"), filepath.Join(dir, "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	fromDump, err := LoadDump([]byte("nginx: [warn] something\n" + asked(t, dir)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts(fromDisk), texts(fromDump)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(order(fromDisk), order(fromDump)); diff != "" {
		t.Error(diff)
	}
}

func texts(tree *Tree) map[string]string {
	all := map[string]string{}
	for _, f := range tree.Files {
		all[f.Path] = f.Src
	}
	return all
}

func TestWhatIsNoDumpIsRefused(t *testing.T) {
	for _, text := range []string{"", "http { }", "# configuration file nginx.conf:\n"} {
		if _, err := LoadDump([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestTheMachinesOwnConfigurationIsRead(t *testing.T) {
	tree, err := Load(os.DirFS("/"), "/etc/nginx/nginx.conf")
	if errors.Is(err, fs.ErrNotExist) {
		return // an nginx from elsewhere has its files elsewhere
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Named("http")) != 1 {
		t.Errorf("%d http blocks", len(tree.Named("http")))
	}
}
