package remote

import (
	"strings"
	"testing"

	"teal/internal/release"
)

func TestHostsAreReadStrictly(t *testing.T) {
	for text, want := range map[string]Host{
		"ssh://shop.example":           {Name: "shop.example"},
		"ssh://deploy@shop.example":    {User: "deploy", Name: "shop.example"},
		"ssh://deploy@10.0.0.7:2222":   {User: "deploy", Name: "10.0.0.7", Port: 2222},
		"ssh://root@[2001:db8::1]":     {User: "root", Name: "2001:db8::1"},
		"ssh://[::1]:22":               {Name: "::1", Port: 22},
		"ssh://staging_1":              {Name: "staging_1"},
		"ssh://first.last@shop.exampl": {User: "first.last", Name: "shop.exampl"},
	} {
		got, err := Parse(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v (%s) %v", text, got, got, err)
		}
	}
}

// Whatever could be an option of ssh's, a part of another URL, or more than
// one word, is no host.
func TestHostsOfAnotherFormAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "shop.example", "ssh:", "ssh://", "ssh:///", "http://shop.example", "SSH://shop.example", "ssh://shop.example/", "ssh://shop.example/path",
		"ssh://-oProxyCommand=touch%20x", "ssh://-oProxyCommand=x@shop.example", "ssh://a@-b", "ssh://a@b@c", "ssh://@shop.example", "ssh://a b@c", "ssh://a@b c",
		"ssh://shop.example:", "ssh://shop.example:0", "ssh://shop.example:65536", "ssh://shop.example:022", "ssh://shop.example:22x", "ssh://shop.example:+22",
		"ssh://shop.example?x", "ssh://shop.example#x", "ssh://shop;id", "ssh://$(id)", "ssh://`id`", "ssh://shop\n", "ssh://shop\x00", "ssh://ümlaut",
		"ssh://[::1", "ssh://[::1]x", "ssh://[::1]:", "ssh://[fe80::1%eth0]", "ssh://[127.0.0.1]", "ssh://[-x]", "ssh://::1", "ssh://" + strings.Repeat("a", 300),
	} {
		if h, err := Parse(text); err == nil {
			t.Errorf("%q is taken for %+v", text, h)
		} else if release.CodeOf(err) != release.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAPasswordInAHostIsRefusedAndNotRepeated(t *testing.T) {
	_, err := Parse("ssh://deploy:hunter2@shop.example")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("ssh://deploy@shop.example:22")
	f.Add("ssh://[::1]:22")
	f.Add("ssh://-x")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err != nil {
			return
		}
		if strings.HasPrefix(h.Name, "-") || strings.HasPrefix(h.User, "-") || strings.ContainsAny(h.Name+h.User, " \t\n\x00'\"\\$`;&|<>()*?[]#~=%") {
			t.Errorf("%q gives %+v", text, h)
		}
		if again, err := Parse(h.String()); err != nil || again != h {
			t.Errorf("%q: %+v is not %+v: %v", text, again, h, err)
		}
	})
}
