package term

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFileGetsPlainLinesUnlessObjectsAreAsked(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if s, ok := New(f, Auto).(*Plain); !ok {
		t.Errorf("a file gets %T", s)
	}
	if s, ok := New(&strings.Builder{}, Auto).(*Plain); !ok {
		t.Errorf("a buffer gets %T", s)
	}
	if s, ok := New(f, Objects).(*JSON); !ok {
		t.Errorf("objects are written by %T", s)
	}
}

func TestNoColorIsHonoured(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	if styleFor(true).on {
		t.Error("colors in spite of NO_COLOR")
	}
	t.Setenv("NO_COLOR", "")
	if !styleFor(true).on || styleFor(false).on {
		t.Error("colors belong on a terminal, and only there")
	}
}

func TestOnlyAClearYesIsAYes(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "Yes\n": true, "yes": true, "": false, "\n": false, "n\n": false, "yep\n": false} {
		var out strings.Builder
		got, err := Confirm(strings.NewReader(answer), &out, "take voda down?")
		if err != nil || got != want {
			t.Errorf("answer %q: %v, %v", answer, got, err)
		}
		if strings.TrimSuffix(out.String(), "\n") != "take voda down? [y/N] " {
			t.Errorf("asked %q", out.String())
		}
	}
}
