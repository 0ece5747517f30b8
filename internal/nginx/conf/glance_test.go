package conf

import (
	"testing"

	"pgregory.net/rapid"
)

func TestWhatNginxRefusesCanBeGlancedAt(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a { b } c;", "a{}c;"},
		{"a;; b;", "a;;b;"},
		{"a; { b; } c;", "a;{b;}c;"},
		{`a "b"c; d;`, "a|b|c;d;"},
		{"map a b { c { d; } } e;", "map|a|b{c{d;}}e;"},
		{"a " + x(2*longest) + "; b;", "a|" + x(2*longest) + ";b;"},
		{"a { b; c", "a{b;}"},
		{`a; b "c; d;`, "a;"},
		{"a; } b;", "a;"},
		{"a; b_by_lua_block { c; ", "a;b_by_lua_block{}"},
	} {
		if got := shape(Glance("c", []byte(c.text)).Top); got != c.want {
			t.Errorf("%.40q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// Where nothing is wrong, a glance sees what Parse does.
func TestAGlanceDiffersFromAParseInFaultsAlone(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := anyText().Draw(r, "text")
		seen := shape(Glance("c", []byte(text)).Top)
		if f, err := Parse("c", []byte(text)); err == nil && shape(f.Top) != seen {
			r.Fatalf("parsed as %s\nglanced at as %s", shape(f.Top), seen)
		}
	})
}
