package conf

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape is the tree of a text in one line: name arg|arg{…};
func shape(of []*Directive) string {
	var b strings.Builder
	for _, d := range of {
		b.WriteString(strings.Join(d.Values(), "|"))
		switch {
		case d.Lua() != "":
			b.WriteString("{lua" + d.Lua() + "}")
		case d.HasBlock():
			b.WriteString("{" + shape(d.Block) + "}")
		default:
			b.WriteString(";")
		}
	}
	return b.String()
}

func TestWordsAreWhatNginxTakesThemFor(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"# only a comment", ""},
		{"a;", "a;"},
		{"a b  c\t\r\n d;e;", "a|b|c|d;e;"},
		{"a # no end;\n b;", "a|b;"},
		{"a b#c;", "a|b#c;"},
		{`a "b c" 'd "e"';`, `a|b c|d "e";`},
		{`a "b \"c\" \\ \n\t\r \d \'";`, "a|b \"c\" \\ \n\t\r \\d ';"},
		{`a b"c d"e;`, `a|b"c|d"e;`},
		{`a b\ c\;d \"e f;`, `a|b\ c\;d|"e|f;`},
		{"a ${b}c $d {}", "a|${b}c|$d{}"},
		{"a $b{c; }", "a|$b{c;}"},
		{`if ($a = "b") { c; }`, `if|($a|=|b|){c;}`},
		{`if ($a = 'b'){c;}`, `if|($a|=|b|){c;}`},
		{"a{b{c;}d;}e;", "a{b{c;}d;}e;"},
		{"a b}c;", "a|b}c;"},
		{"a \"b\n{ ;\";", "a|b\n{ ;;"},
		{"'a' b;", "a|b;"},
		{"a\r\nb;\r\n", "a|b;"},
		{"# comment\rstill;\na;", "a;"},
		{`map $a $b { default x; "~^a{2}" y; }`, "map|$a|$b{default|x;~^a{2}|y;}"},
		{`content_by_lua_block { x = "}" -- }` + "\n}", `content_by_lua_block{lua x = "}" -- }` + "\n}"},
		{"set_by_lua_block $a { return [[}]] .. [=[ ]] } ]=] .. t[1] }b;", "set_by_lua_block|$a{lua return [[}]] .. [=[ ]] } ]=] .. t[1] }b;"},
		{"a_by_lua_block { --[[ } \n } ]] {} '\\'}' }", "a_by_lua_block{lua --[[ } \n } ]] {} '\\'}' }"},
		{"a_by_lua_block { }", "a_by_lua_block{lua }"},
		// As nginx 1.22 with lua-nginx-module 0.10.23 has it: a string ends on its line, or is none.
		{"a_by_lua_block { -- it's }\n} b;", "a_by_lua_block{lua -- it's }\n}b;"},
		{"a_by_lua_block { it's }\nb;", "a_by_lua_block{lua it's }b;"},
		{"a_by_lua_block { '\\\n} b; c';", "a_by_lua_block{lua '\\\n}b;c';"},
		{"a_by_lua_block { '\\'}' \"}\" }", "a_by_lua_block{lua '\\'}' \"}\" }"},
		{"content_by_lua_block x;", "content_by_lua_block|x;"},
	} {
		f, err := Parse("c", []byte(c.text))
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := shape(f.Top); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestAFaultIsToldWithItsPlace(t *testing.T) {
	long := strings.Repeat("x", longest)
	for _, c := range []struct{ text, want string }{
		{"a", `c:1:2: unexpected end of file, expecting ";" or "{" after "a" in line 1`},
		{"a;\n b {\n c;\n", `c:4:1: unexpected end of file, expecting "}" for b in line 2`},
		{"a;\n  'b", `c:2:3: this ' is never closed`},
		{"a \"b\\\";", `c:1:3: this " is never closed`},
		{"a {\n}\n}", `c:3:1: unexpected "}": no block is open`},
		{"a }", `c:1:3: unexpected "}"`},
		{"a;;", `c:1:3: unexpected ";"`},
		{" {", `c:1:2: unexpected "{"`},
		{"a ${ }", `c:1:6: unexpected "}"`},
		{`a "b"c;`, `c:1:6: unexpected "c" after a closing quote`},
		{"map a b {\n c {", `c:2:4: unexpected "{": map takes entries alone`},
		{"a_by_lua_block {\n '}'", `c:1:16: this Lua block is never closed`},
		{"b;a_by_lua_block { {} ", `c:1:18: this Lua block is never closed`},
		{"a_by_lua_block { [[ } ", `c:1:16: this Lua block is never closed`},
		{"a " + long + "b;", `c:1:3: more than 4095 bytes without an end, which nginx refuses: is a quote left open`},
		{strings.Repeat("a{", deepest+1), fmt.Sprintf(`c:1:%d: more than 200 blocks in each other`, 2*deepest+2)},
	} {
		_, err := Parse("c", []byte(c.text))
		var own *Error
		if !errors.As(err, &own) || err.Error() != c.want {
			t.Errorf("%.40q\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestBlocksBesideEachOtherAreNotDeep(t *testing.T) {
	if _, err := Parse("c", []byte(strings.Repeat("a { b { } }", 2*deepest))); err != nil {
		t.Error(err)
	}
}

func TestADirectiveKnowsItsPlaceInTheFile(t *testing.T) {
	f, err := Parse("site.conf", []byte("a;\r\n\thttp  {\n  b 'c d' # e\n    f ;\n}"))
	if err != nil {
		t.Fatal(err)
	}
	http := f.Top[1]
	b := http.Block[0]
	got := []any{
		b.Place(), b.Parent.Name, b.Words[1].Raw, b.Words[1].Line, b.Words[1].Column, b.Words[2].Line, b.Words[2].Column,
		f.Src[b.Start:b.End], f.Src[b.Words[1].Start:b.Words[1].End], f.Src[http.Open : http.Close+1][:1], f.Src[http.Close:http.End], b.Args(), b.Words[1].Quoted(),
	}
	want := []any{
		"site.conf:3:3", "http", "'c d'", 3, 5, 4, 5,
		"b 'c d' # e\n    f ;", "'c d'", "{", "}", []string{"c d", "f"}, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAQuotedValueIsReadBackAsItself(t *testing.T) {
	for _, value := range []string{"", "a", "http://a:1/b?c=$d", "a b", `a"b\c'd`, `\`, `\n`, "a;b", "{", "}", "#", "line\nfeed", "$a{b", "ü", "(a)"} {
		f, err := Parse("c", []byte("x "+Quote(value)+";"))
		if err != nil || f.Top[0].Arg(0) != value || len(f.Top) != 1 {
			t.Errorf("%q is written %s: %v", value, Quote(value), err)
		}
	}
}
