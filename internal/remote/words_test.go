package remote

import "testing"

// That a real shell reads them so is shown over a real sshd in test/e2e.
func TestEachWordIsQuotedAlone(t *testing.T) {
	got := command([]string{"teal", "", "a b", "it's", `back\slash`, "$(id)", "-x"})
	const want = `'teal' '' 'a b' 'it'\''s' 'back'\\'slash' '$(id)' '-x'`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestTheHostIsNeverAnOptionAndValuesAreInNoArgument(t *testing.T) {
	s := Session{Host: Host{User: "deploy", Name: "shop.example", Port: 2222}, Args: []string{"deploy"}, Env: []string{"TOKEN=hunter2"}, Config: "/x"}
	want := []string{"-T", "-F", "/x", "-p", "2222", "-l", "deploy", "--", "shop.example", "'teal' 'attached' 'deploy'"}
	got := s.argv()
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("argument %d is %q, want %q", i, got[i], want[i])
		}
	}
}
