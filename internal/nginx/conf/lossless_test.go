package conf

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// printer writes a file again out of its tree alone. What stands between the
// tree's words and signs is copied, and must be nothing that means something.
type printer struct {
	t   failer
	src string
	out strings.Builder
	at  int
}

type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

func printed(t failer, f *File) string {
	p := &printer{t: t, src: f.Src}
	p.directives(f.Top)
	p.gap(len(f.Src))
	return p.out.String()
}

func (p *printer) directives(of []*Directive) {
	for _, d := range of {
		for _, w := range d.Words {
			p.gap(w.Start)
			p.put(w.Raw)
		}
		switch {
		case !d.HasBlock():
			p.gap(d.End - 1)
			p.put(";")
		case luaBlock(d.Name):
			p.gap(d.Open)
			p.put("{" + d.Lua() + "}")
		default:
			p.gap(d.Open)
			p.put("{")
			p.directives(d.Block)
			p.gap(d.Close)
			p.put("}")
		}
		if p.at != d.End {
			p.t.Errorf("%s: the directive ends at %d, its last sign at %d", d.Place(), d.End, p.at)
		}
	}
}

func (p *printer) put(text string) {
	p.out.WriteString(text)
	p.at += len(text)
}

// gap copies blanks and comments up to an offset.
func (p *printer) gap(to int) {
	p.t.Helper()
	gap := p.src[p.at:max(p.at, to)]
	for line := range strings.SplitAfterSeq(gap, "\n") {
		code, _, _ := strings.Cut(line, "#")
		if strings.Trim(code, " \t\r\n") != "" {
			p.t.Errorf("%q is in no directive", code)
		}
	}
	p.put(gap)
}

// unlossy fails where a text that parses isn't kept.
func unlossy(t failer, name string, text []byte) bool {
	t.Helper()
	f, err := Parse(name, text)
	if err != nil {
		return false
	}
	if out := printed(t, f); out != string(text) {
		t.Errorf("%s: printed again it is\n%q, not\n%q", name, out, text)
	}
	return true
}

// corpus is every file of testdata and, where it is there, of the machine's
// own nginx.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, root := range []string{"testdata", "/etc/nginx"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".golden") {
				return nil // a machine without nginx is fine
			}
			text, err := os.ReadFile(path)
			files[path] = text
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 9 {
		t.Fatalf("only %d files in the corpus", len(files))
	}
	return files
}

func TestEveryByteOfARealFileIsKept(t *testing.T) {
	for path, text := range corpus(t) {
		for _, eol := range []string{"\n", "\r\n"} {
			with := []byte(strings.ReplaceAll(string(text), "\n", eol))
			if !unlossy(t, path, with) {
				_, err := Parse(path, with)
				t.Errorf("%v", err)
			}
		}
	}
}

// scraps are what configurations are made of, and what breaks them.
var scraps = []string{
	"a", "server", "proxy_pass http://x", " ", "\t", "\n", "\r\n", "\r", ";", "; ", " {", "{", "}", "\n}", "#", "# c\n", `"`, "'", `"q ;"`, `'{ "}'`, `\`, `\"`,
	"$", "${", "${v}", "(", ")", "map $a $b {", "x_by_lua_block {", "--", "--[[", "]]", "[[", "[=[", "]=]", "\ufeff", "ü", "\x00", "\xff", "if ($a = ", "include x;",
}

func anyText() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 40), func(of []string) string { return strings.Join(of, "") })
}

// block makes a text that parses: directives in directives.
func block(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "directives") {
			b.WriteString(rapid.SampledFrom([]string{"", " ", "\n\t", "\r\n", "# c ;{\n"}).Draw(t, "before"))
			b.WriteString(rapid.SampledFrom([]string{"a", "listen 80", `x "y ;" '{'`, "x ${y}z", "if ($a = \"b\")", "location ~ \\.php$", "x #;\n y"}).Draw(t, "words"))
			if depth == 0 || rapid.Bool().Draw(t, "plain") {
				b.WriteString(rapid.SampledFrom([]string{";", " ;", "\n;", "; # c\n"}).Draw(t, "end"))
				continue
			}
			b.WriteString(" {" + block(depth-1).Draw(t, "block") + rapid.SampledFrom([]string{"}", "\n}", " }\r\n"}).Draw(t, "end"))
		}
		return b.String()
	})
}

func TestWhateverParsesIsKeptByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { unlossy(t, "any", []byte(anyText().Draw(t, "text"))) })
	rapid.Check(t, func(t *rapid.T) {
		text := block(3).Draw(t, "text")
		if !unlossy(t, "block", []byte(text)) {
			_, err := Parse("block", []byte(text))
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	for _, scrap := range scraps {
		f.Add([]byte(scrap))
	}
	f.Fuzz(func(t *testing.T, text []byte) { unlossy(t, "fuzz", text) })
}

func BenchmarkParseAMegabyte(b *testing.B) {
	text, err := os.ReadFile("testdata/certbot/etc/nginx/sites-enabled/shop")
	if err != nil {
		b.Fatal(err)
	}
	big := []byte(strings.Repeat(string(text), 1<<20/len(text)+1))
	b.SetBytes(int64(len(big)))
	for b.Loop() {
		if _, err := Parse("big", big); err != nil {
			b.Fatal(err)
		}
	}
}
